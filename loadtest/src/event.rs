//! The bench event: made by number, as the JSON text a client sends and as the Avro bytes that must come of it.
//! Knows the schema in `catalog/bench.event.v1` by heart; knows nothing of HTTP or Kafka.

use std::fmt::Write as _;

/// The topic that the bench writes, as its contract names it.
pub const TOPIC: &str = "bench.event.v1";

/// Different events; they repeat after that, but for their ids.
pub const SLOTS: usize = 128;

/// Digits of the serial number: the last twelve of the id.
const SERIAL_DIGITS: usize = 12;
/// Where an id's serial starts.
const SERIAL_IN_ID: usize = 24;
const ID_LENGTH: usize = 36;
/// Behind `{"event_id":"`.
const ID_IN_JSON: usize = 13;
/// Behind the one byte of the id's length.
const ID_IN_AVRO: usize = 1;

/// Where the serial's digits stand in an event's JSON text.
pub(crate) const SERIAL_IN_JSON: usize = ID_IN_JSON + SERIAL_IN_ID;
/// Where the serial's digits stand in an event's Avro bytes.
pub(crate) const SERIAL_IN_AVRO: usize = ID_IN_AVRO + SERIAL_IN_ID;

/// The events of one run, each with serial number zero.
#[derive(Debug, Clone)]
pub struct Pool {
    events: Vec<Event>,
}

/// One event in both of its forms.
#[derive(Debug, Clone)]
pub struct Event {
    /// What a client posts: one JSON object, its members in the schema's order.
    pub json: Vec<u8>,
    /// What the gateway must store: Avro binary without framing.
    pub avro: Vec<u8>,
}

impl Pool {
    /// All that differs between two runs is `run`, which starts every id, and `occurred_at`, in milliseconds since
    /// the epoch.
    pub fn new(run: u32, occurred_at: i64) -> Self {
        Self { events: (0..SLOTS).map(|slot| Facts::draw(run, slot, occurred_at).event()).collect() }
    }

    /// The event in a slot; slots are counted round.
    pub fn event(&self, slot: usize) -> &Event {
        &self.events[slot % SLOTS]
    }

    /// Mean length of the JSON texts in bytes.
    pub fn json_bytes(&self) -> usize {
        self.events.iter().map(|event| event.json.len()).sum::<usize>() / SLOTS
    }

    /// The Avro bytes of the event that bears this id; `None` where the id is of another run or of no run.
    pub fn avro_of(&self, id: &[u8]) -> Option<Vec<u8>> {
        let text = str::from_utf8(id).ok().filter(|text| text.len() == ID_LENGTH && text.is_ascii())?;
        let slot = usize::from_str_radix(&text[9..13], 16).ok().filter(|slot| *slot < SLOTS)?;
        let serial = u64::from_str_radix(&text[SERIAL_IN_ID..], 16).ok()?;
        let mut avro = self.events[slot].avro.clone();
        stamp(&mut avro, SERIAL_IN_AVRO, serial);
        (key(&avro) == id).then_some(avro)
    }
}

/// The record's key, as the contract takes it from `/event_id`.
pub(crate) fn key(avro: &[u8]) -> &[u8] {
    &avro[ID_IN_AVRO..][..ID_LENGTH]
}

/// Writes a serial number's twelve hexadecimal digits at `at`.
pub(crate) fn stamp(bytes: &mut [u8], at: usize, serial: u64) {
    let mut rest = serial;
    for digit in bytes[at..at + SERIAL_DIGITS].iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 0xf) as usize];
        rest >>= 4;
    }
}

/// One event before it has a form.
struct Facts {
    id: String,
    occurred_at: i64,
    kind: usize,
    version: i64,
    tenant: &'static str,
    user_id: i64,
    session_id: String,
    anonymous: bool,
    service: &'static str,
    host: String,
    region: usize,
    url: String,
    referrer: Option<String>,
    load_micros: i64,
    agent: &'static str,
    os: &'static str,
    touch: bool,
    cents: i64,
    travel_day: i64,
    score: f64,
    tags: Vec<String>,
    attributes: Vec<(&'static str, String)>,
}

const KINDS: [&str; 5] = ["PAGE_VIEW", "SEARCH", "CLICK", "BOOKING", "PAYMENT"];
const REGIONS: [&str; 4] = ["EU_CENTRAL", "EU_WEST", "US_EAST", "AP_SOUTH"];
const TENANTS: [&str; 3] = ["flights-and-stays", "rail-direct", "zürich-reisen"];
const SERVICES: [&str; 3] = ["search-frontend", "checkout", "fare-calendar"];
const PLACES: [&str; 6] = ["edinburgh", "singapore", "barcelona", "reykjavik", "valparaiso", "hiroshima"];
const AGENTS: [(&str, &str, bool); 4] = [
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0", "linux", false),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 20_1 like Mac OS X) Version/20.1", "ios", true),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0", "windows", false),
    ("Mozilla/5.0 (Linux; Android 17; Pixel 11) AppleWebKit/537.36 Mobile", "android", true),
];

impl Facts {
    fn draw(run: u32, slot: usize, occurred_at: i64) -> Self {
        let mut dice = Dice(slot as u64);
        let (agent, os, touch) = AGENTS[dice.below(4)];
        let (from, to) = (PLACES[dice.below(6)], PLACES[dice.below(6)]);
        let travel_day = occurred_at.div_euclid(86_400_000) + dice.number(300);
        Self {
            id: format!("{run:08x}-{slot:04x}-4000-8000-000000000000"),
            occurred_at: occurred_at + dice.number(1000),
            kind: dice.below(KINDS.len()),
            version: 1 + dice.number(40),
            tenant: TENANTS[dice.below(TENANTS.len())],
            user_id: dice.number(1 << 40),
            session_id: dice.hex(24),
            anonymous: dice.below(2) == 0,
            service: SERVICES[dice.below(SERVICES.len())],
            host: format!("pod-{}-{}", dice.hex(10), dice.hex(5)),
            region: dice.below(REGIONS.len()),
            url: format!(
                "/{from}/{to}/{}?adults={}&cabin=economy&ref={}",
                date(travel_day),
                dice.below(9),
                dice.hex(16)
            ),
            referrer: (!slot.is_multiple_of(4))
                .then(|| format!("https://travel.example/deals/{to}?campaign={}", dice.hex(8))),
            load_micros: dice.number(4_000_000),
            agent,
            os,
            touch,
            cents: dice.number(2_000_000) - 50_000,
            travel_day,
            score: f64::from(u32::try_from(dice.below(100_000)).expect("below 100,000")) / 100_000.0,
            tags: (0..2 + dice.below(3)).map(|_| format!("exp-{}", dice.hex(6))).collect(),
            attributes: vec![
                ("trace_id", dice.hex(32)),
                ("currency", "EUR".into()),
                ("experiment_arm", if dice.below(2) == 0 { "control".into() } else { "treatment".into() }),
                ("search_id", dice.hex(16)),
            ],
        }
    }

    fn event(&self) -> Event {
        Event { json: self.json().into_bytes(), avro: self.avro() }
    }

    /// No string here holds a character that JSON escapes.
    fn json(&self) -> String {
        let tags: Vec<_> = self.tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        let attributes: Vec<_> =
            self.attributes.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let mut text = String::with_capacity(1200);
        let mut member = |name: &str, value: &str| {
            let mark = if text.is_empty() { '{' } else { ',' };
            write!(text, "{mark}\"{name}\":{value}").expect("a String takes all text");
        };
        member("event_id", &format!("\"{}\"", self.id));
        member("occurred_at", &format!("\"{}\"", timestamp(self.occurred_at)));
        member("event_kind", &format!("\"{}\"", KINDS[self.kind]));
        member("producer_version", &self.version.to_string());
        member("tenant_name", &format!("\"{}\"", self.tenant));
        member("visitor_number", &self.user_id.to_string());
        member("visit_id", &format!("\"{}\"", self.session_id));
        member("is_anonymous", &self.anonymous.to_string());
        let (service, host, region) = (self.service, &self.host, REGIONS[self.region]);
        member(
            "sending_process",
            &format!(r#"{{"service_name":"{service}","host_name":"{host}","cloud_region":"{region}"}}"#),
        );
        let referrer = self.referrer.as_ref().map_or("null".to_owned(), |url| format!("\"{url}\""));
        let (url, load) = (&self.url, self.load_micros);
        member(
            "visited_page",
            &format!(r#"{{"page_path":"{url}","referrer_url":{referrer},"load_time_micros":{load}}}"#),
        );
        let (agent, os, touch) = (self.agent, self.os, self.touch);
        member(
            "visitor_device",
            &format!(r#"{{"user_agent":"{agent}","operating_system":"{os}","has_touch_screen":{touch}}}"#),
        );
        let sign = if self.cents < 0 { "-" } else { "" };
        member("quoted_price", &format!("\"{sign}{}.{:02}\"", self.cents.abs() / 100, self.cents.abs() % 100));
        member("departure_date", &format!("\"{}\"", date(self.travel_day)));
        member("ranking_confidence", &self.score.to_string());
        member("running_experiments", &format!("[{}]", tags.join(",")));
        member("additional_attributes", &format!("{{{}}}", attributes.join(",")));
        text.push('}');
        text
    }

    fn avro(&self) -> Vec<u8> {
        let mut out = Avro(Vec::with_capacity(600));
        out.text(&self.id).long(self.occurred_at).index(self.kind).long(self.version);
        out.text(self.tenant).long(self.user_id).text(&self.session_id).boolean(self.anonymous);
        out.text(self.service).text(&self.host).index(self.region);
        out.text(&self.url);
        match &self.referrer {
            None => out.index(0),
            Some(referrer) => out.index(1).text(referrer),
        };
        out.long(self.load_micros);
        out.text(self.agent).text(self.os).boolean(self.touch);
        out.decimal(self.cents).long(self.travel_day).double(self.score);
        out.index(self.tags.len());
        for tag in &self.tags {
            out.text(tag);
        }
        out.index(0).index(self.attributes.len());
        for (name, value) in &self.attributes {
            out.text(name).text(value);
        }
        out.index(0);
        out.0
    }
}

/// Avro's binary encoding, as much of it as the event needs.
struct Avro(Vec<u8>);

impl Avro {
    fn long(&mut self, value: i64) -> &mut Self {
        let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
        loop {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            if rest == 0 {
                self.0.push(low);
                return self;
            }
            self.0.push(low | 0x80);
        }
    }

    /// A length, a count, or a place in an enum or a union.
    fn index(&mut self, value: usize) -> &mut Self {
        self.long(i64::try_from(value).expect("lengths here are small"))
    }

    fn text(&mut self, value: &str) -> &mut Self {
        self.index(value.len());
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    fn boolean(&mut self, value: bool) -> &mut Self {
        self.0.push(u8::from(value));
        self
    }

    fn double(&mut self, value: f64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// The shortest big-endian two's complement.
    fn decimal(&mut self, unscaled: i64) -> &mut Self {
        let bytes = unscaled.to_be_bytes();
        let start = (0..7).find(|&at| {
            let filler = if unscaled < 0 { 0xff } else { 0 };
            bytes[at] != filler || (bytes[at + 1] ^ filler) & 0x80 != 0
        });
        let shortest = &bytes[start.unwrap_or(7)..];
        self.index(shortest.len());
        self.0.extend_from_slice(shortest);
        self
    }
}

/// `SplitMix64`: the same numbers for the same slot, always.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn number(&mut self, below: i64) -> i64 {
        (self.roll() >> 1).cast_signed() % below
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.roll() % count as u64).expect("below a usize")
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16)])).collect()
    }
}

/// `2026-11-21`, of a day counted from the epoch (Howard Hinnant's `civil_from_days`).
fn date(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

/// `2026-11-21T14:03:00.250Z`, of milliseconds since the epoch.
fn timestamp(millis: i64) -> String {
    let of_day = millis.rem_euclid(86_400_000);
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, thousandths) = (of_day / 1000 % 60, of_day % 1000);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}Z", date(millis.div_euclid(86_400_000)))
}

#[cfg(test)]
mod tests {
    use apache_avro::Schema;
    use apache_avro::reader::datum::GenericDatumReader;
    use apache_avro::types::Value;

    use super::*;

    const NOON: i64 = 1_795_262_580_250;

    fn decoded(event: &Event) -> Vec<(String, Value)> {
        let schema = Schema::parse_str(include_str!("../catalog/bench.event.v1/event.avsc")).unwrap();
        let mut bytes = event.avro.as_slice();
        let value = GenericDatumReader::builder(&schema).build().unwrap().read_value(&mut bytes).unwrap();
        assert!(bytes.is_empty(), "bytes left over");
        let Value::Record(fields) = value else { panic!("not a record") };
        fields
    }

    fn field<'a>(fields: &'a [(String, Value)], name: &str) -> &'a Value {
        &fields.iter().find(|(at, _)| at == name).unwrap().1
    }

    #[test]
    fn every_event_is_about_a_kibibyte_of_json_and_half_of_that_in_avro() {
        let pool = Pool::new(7, NOON);
        assert!((980..1080).contains(&pool.json_bytes()), "{}", pool.json_bytes());
        let avro = (0..SLOTS).map(|slot| pool.event(slot).avro.len()).sum::<usize>() / SLOTS;
        assert!((430..520).contains(&avro), "{avro}");
    }

    #[test]
    fn both_forms_say_the_same() {
        let pool = Pool::new(7, NOON);
        for slot in 0..SLOTS {
            let event = pool.event(slot);
            let json: serde_json::Value = serde_json::from_slice(&event.json).unwrap();
            let avro = decoded(event);
            assert_eq!(avro.len(), json.as_object().unwrap().len());
            let Value::Uuid(id) = field(&avro, "event_id") else { panic!("no uuid") };
            assert_eq!(json["event_id"], id.to_string());
            let Value::Enum(_, kind) = field(&avro, "event_kind") else { panic!("no enum") };
            assert_eq!(json["event_kind"], kind.as_str());
            let Value::TimestampMillis(at) = field(&avro, "occurred_at") else { panic!("no timestamp") };
            assert_eq!(json["occurred_at"], timestamp(*at));
            let Value::Date(day) = field(&avro, "departure_date") else { panic!("no date") };
            assert_eq!(json["departure_date"], date(i64::from(*day)));
            assert_eq!(
                field(&avro, "ranking_confidence"),
                &Value::Double(json["ranking_confidence"].as_f64().unwrap())
            );
            let Value::Decimal(price) = field(&avro, "quoted_price") else { panic!("no decimal") };
            let unscaled: Vec<u8> = price.clone().try_into().unwrap();
            let cents = unscaled[1..]
                .iter()
                .fold(i64::from(unscaled[0].cast_signed()), |all, &byte| all << 8 | i64::from(byte));
            let numeral: String = json["quoted_price"].as_str().unwrap().chars().filter(|&c| c != '.').collect();
            assert_eq!(numeral.parse::<i64>().unwrap(), cents);
            let Value::Map(attributes) = field(&avro, "additional_attributes") else { panic!("no map") };
            for (name, value) in json["additional_attributes"].as_object().unwrap() {
                assert_eq!(attributes[name], Value::String(value.as_str().unwrap().to_owned()));
            }
            let Value::Array(tags) = field(&avro, "running_experiments") else { panic!("no array") };
            assert_eq!(json["running_experiments"].as_array().unwrap().len(), tags.len());
        }
    }

    #[test]
    fn a_stamp_changes_the_id_in_both_forms_and_nothing_else() {
        let pool = Pool::new(7, NOON);
        let mut event = pool.event(9).clone();
        stamp(&mut event.json, SERIAL_IN_JSON, 0xabc);
        stamp(&mut event.avro, SERIAL_IN_AVRO, 0xabc);
        let id = b"00000007-0009-4000-8000-000000000abc";
        assert_eq!(key(&event.avro), id);
        assert_eq!(&event.json[..51], [br#"{"event_id":""#, id.as_slice(), br#"","#].concat());
        assert_eq!(pool.avro_of(id), Some(event.avro));
    }

    #[test]
    fn an_id_of_another_run_is_not_ours() {
        let pool = Pool::new(7, NOON);
        assert_eq!(pool.avro_of(b"00000008-0009-4000-8000-000000000abc"), None);
        assert_eq!(pool.avro_of(b"00000007-00ff-4000-8000-000000000abc"), None);
        assert_eq!(pool.avro_of("00000007-0009-4000-8000-00000000\u{fc}bc".as_bytes()), None);
        assert_eq!(pool.avro_of(b"short"), None);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(timestamp(NOON), "2026-11-21T12:03:00.250Z");
    }

    #[test]
    fn decimals_are_as_short_as_they_can_be() {
        for (unscaled, bytes) in
            [(0, vec![0]), (127, vec![127]), (128, vec![0, 128]), (-128, vec![128]), (-129, vec![255, 127])]
        {
            let mut out = Avro(Vec::new());
            out.decimal(unscaled);
            assert_eq!(out.0[1..], bytes, "{unscaled}");
        }
    }

    #[test]
    fn the_samples_beside_the_contract_are_events_of_this_pool() {
        let pool = Pool::new(7, NOON);
        let sample = include_str!("../catalog/bench.event.v1/samples/valid/first.json");
        assert_eq!(sample.trim_end(), str::from_utf8(&pool.event(0).json).unwrap());
    }
}
