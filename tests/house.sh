#!/usr/bin/env bash
# Rules that the compiler does not check. Each prints what broke it.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0
fail() { echo "house: $*"; bad=1; }

# automerge, quinn, ratatui and sled are named only where they live.
only() { # crate, allowed paths as a regular expression
    local hits
    hits=$(git ls-files '*.rs' | grep -vE "$2" | xargs -r grep -lE "\b$1::" || true)
    [ -z "$hits" ] || fail "$1 is named in: $hits"
}
only automerge '^shared/src/practice/document(\.rs|/)'
only sled '^shared/src/journal/'
only quinn '^(tui/src/link|sync-server/src/endpoint)(\.rs|/)|(^|/)tests/'
only ratatui '^(tui|tests)/'

# Files of at most 600 lines without their tests.
for file in $(git ls-files '*.rs' | grep -vE '(^|/)tests?(/|\.rs)|benches/'); do
    lines=$(awk '/^#\[cfg\(test\)\]/{exit} {n++} END{print n+0}' "$file")
    [ "$lines" -le 600 ] || fail "$file has $lines lines"
    head -1 "$file" | grep -q '^//!' || fail "$file does not say what it is for"
done

# A promise or a hostile case names a test, and the test is there.
for page in SECURITY.md docs/hostile-cases.md; do
    for test in $(grep -oE '`[a-z0-9_]{20,}`' "$page" | tr -d '`' | sort -u); do
        git grep -q "fn $test(" -- '*.rs' || fail "$page names $test, which is no test"
    done
done
grep -qE '^\| H5 ' docs/hostile-cases.md || fail "docs/hostile-cases.md has no table"

# Nothing leaves the vault but through the gate; nothing is unfinished; no machine is named.
hits=$(git grep -nE '\b(todo|unimplemented)!\(|\bTODO\b|\bFIXME\b|#\[ignore' -- '*.rs' || true)
[ -z "$hits" ] || fail "unfinished: $hits"
hits=$(git grep -nIE '(^|[^A-Za-z])/(root|work|home)/' -- . ':!*.lock' ':!tests/house.sh' || true)
[ -z "$hits" ] || fail "a machine's paths: $hits"
exit $bad
