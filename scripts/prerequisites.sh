# shellcheck shell=bash
# What a build or a test run needs on this machine. Sourced by ./dev and ./test: `require rust c openssl …` installs
# what is missing where it may (apt, as root), else stops with one message that names every missing package.

# cargo's own folder, where a fresh rustup has not reached the PATH yet.
if [ -d "$HOME/.cargo/bin" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi

# at_least WANTED FOUND: whether version FOUND is not older than WANTED.
at_least() {
    [ -n "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

rust_wanted() { sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml; }

has_rust() { at_least "$(rust_wanted)" "$(cargo --version 2>/dev/null | cut -d ' ' -f 2)"; }
has_lints() { cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; }
has_c() { command -v cc >/dev/null && command -v c++ >/dev/null && command -v make >/dev/null; }
has_openssl() { pkg-config --exists openssl 2>/dev/null || [ -f /usr/include/openssl/ssl.h ]; }
has_curl() { command -v curl >/dev/null; }
has_maven() { command -v mvn >/dev/null; }
has_python() {
    python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}
has_java() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    at_least 17 "$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')"
}

# The Debian packages of a need.
packages_of() {
    case $1 in
        rust) echo cargo ;;
        lints) echo rustfmt rust-clippy ;;
        c) echo gcc g++ make ;;
        openssl) echo libssl-dev pkg-config ;;
        curl) echo curl ;;
        java) echo openjdk-17-jdk-headless ;;
        maven) echo maven ;;
        python) echo python3 python3-venv ;;
    esac
}

# Rust comes from apt only if apt's is new enough; its lints come from where Rust came from.
apt_can_install() {
    local offered
    case $1 in
        rust)
            offered=$(apt-cache policy cargo 2>/dev/null | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p')
            at_least "$(rust_wanted)" "$offered"
            ;;
        lints) [ "$(command -v cargo)" = /usr/bin/cargo ] ;;
        *) true ;;
    esac
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

missing_of() {
    local need
    for need in "$@"; do "has_$need" || echo "$need"; done
}

require() {
    local missing packages='' need
    missing=$(missing_of "$@")
    if [ -n "$missing" ] && may_install; then
        apt-get update -qq
        for need in $missing; do
            if apt_can_install "$need"; then packages="$packages $(packages_of "$need")"; fi
        done
        if [ -n "$packages" ]; then
            echo "Installing$packages"
            # shellcheck disable=SC2086 # one word a package
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null
        fi
        missing=$(missing_of "$@")
    fi
    if [ -n "$missing" ]; then
        explain_missing "$missing" >&2
        exit 2
    fi
}

explain_missing() {
    local need
    echo "Missing on this machine:"
    for need in $1; do
        case $need in
            rust) echo "  Rust $(rust_wanted) or newer: install rustup (https://rustup.rs), then: rustup toolchain install stable" ;;
            lints) echo "  rustfmt and clippy: rustup component add rustfmt clippy" ;;
            c) echo "  a C and C++ compiler and make (Debian: apt-get install $(packages_of c))" ;;
            openssl) echo "  OpenSSL's headers (Debian: apt-get install $(packages_of openssl))" ;;
            java) echo "  a JDK, 17 or newer (Debian: apt-get install $(packages_of java))" ;;
            python) echo "  Python, 3.10 or newer, with venv (Debian: apt-get install $(packages_of python))" ;;
            maven) echo "  Maven (Debian: apt-get install $(packages_of maven))" ;;
            *) echo "  $need (Debian: apt-get install $(packages_of "$need"))" ;;
        esac
    done
}
