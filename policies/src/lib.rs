//! The organisation's conventions: facts in, decision out. Pure: no files, clocks or environment; the day's
//! date is handed in.
