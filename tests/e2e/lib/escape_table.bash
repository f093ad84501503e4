# shellcheck shell=bash
# Rows of docs/escape-matrix.md for what is not tried by escape.bats.

# in_table ITEM COLUMN TEXT   of what the test has just seen, in alert, block, usual or host: the table has it there. Whoever makes
# the table, lib/escape_matrix.py, reads these lines.
in_table() {
    local from_end
    case $2 in alert) from_end=4 ;; block) from_end=3 ;; usual) from_end=1 ;; host) from_end=0 ;; esac
    same "$3" "$(sed -n "s/^| \`$1\` | //p" "$BATS_TEST_DIRNAME/../../docs/escape-matrix.md" |
        awk -F ' [|] ?' -v n="$from_end" '{ print $(NF - 1 - n) }')"
}
