#!/bin/sh
# Lints a change's catalogue against the commit that the change grew from. For every CI system, in the repository's root:
#
#   deploy/ci/lint.sh [TARGET [ARGUMENT…]]
#
# TARGET is what the change is to be merged into, origin/main unless it is named; the other arguments go to
# `forebay lint`. It needs git with the history of both, and forebay on the PATH or where FOREBAY_BIN says. It prints the
# report for people, writes lint.md (a comment) and lint.sarif (for code scanning), and ends with lint's exit code.
set -eu

fail() {
    code=$1
    shift
    printf 'lint.sh: %s\n' "$*" >&2
    exit "$code"
}

target=${1:-origin/main}
[ $# -eq 0 ] || shift
forebay=${FOREBAY_BIN:-forebay}

rm -f lint.md lint.sarif
case $target in -*) fail 2 "expected a branch or another revision, found $target" ;; esac
command -v "$forebay" >/dev/null || fail 2 "$forebay is not there; put forebay on the PATH, or name it in FOREBAY_BIN"
base=$(git merge-base HEAD "$target") ||
    fail 3 "git finds no commit that HEAD and $target have in common; fetch both with their history"
base=$(git rev-parse --short "$base")

lint() { "$forebay" lint --against "$base" "$@"; }

code=0
lint "$@" || code=$?
# Other codes mean that there is no report.
case $code in 0 | 1 | 3) ;; *) exit "$code" ;; esac
lint "$@" --format markdown >lint.md 2>/dev/null || [ $? -eq "$code" ]
lint "$@" --format sarif >lint.sarif 2>/dev/null || [ $? -eq "$code" ]
if [ "$code" -eq 3 ]; then
    printf '\n**The comparison with the earlier version failed; the log says why.**\n' >>lint.md
fi
exit "$code"
