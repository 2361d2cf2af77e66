#!/usr/bin/env bash
# Each foreign library is included by one folder alone (libcrypto by three), no include climbs out of its folder, and the
# name of a header is unique in the project.
set -uo pipefail
cd "$1" || exit 1
bad=0

only_in() { # only_in PATTERN FOLDER...: no other folder of the program includes it
    local pattern=$1 hits
    shift
    hits=$(grep -rlE "#include <($pattern)" --include='*.[ch]' src agent config)
    for folder in "$@"; do
        hits=$(grep -v "^$folder/" <<<"$hits")
    done
    if [ -n "$hits" ]; then
        printf 'only %s may include <%s>:\n%s\n' "$*" "$pattern" "$hits"
        bad=1
    fi
}
only_in 'net-snmp' agent
only_in 'yaml\.h' config
only_in 'sqlite3\.h' src/store
only_in 'uv\.h|ares\.h|openssl/ssl\.h' src/net
only_in 'gsasl\.h' src/mail
only_in 'openssl/' src/mail src/net src/store

if grep -rn '#include "\.\./' --include='*.[ch]' src agent config tests; then
    echo 'an include climbs out of its folder'
    bad=1
fi
twice=$(find src agent config -name '*.h' -printf '%f\n' | sort | uniq -d)
if [ -n "$twice" ]; then
    echo "two headers have one name: $twice"
    bad=1
fi
exit $bad
