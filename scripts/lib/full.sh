# shellcheck shell=bash disable=SC2154 # variables of common.sh and of the script that reads this
# The parts of the full test, each for itself: what they are is in tests/full/parts, how they last ended in tests/full/results.

full_parts=$top/tests/full/parts full_results=$top/tests/full/results

full_part() { awk -v name="$1" '$1 == name { $1 = ""; print; found = 1 } END { exit !found }' "$full_parts"; }

# show_full   each part, with its last result
show_full() {
    {
        printf 'PART\tKERNEL\tLAST RESULT\tMINUTES\tCOMMIT\tDATE\n'
        grep -v '^#' "$full_parts" | while read -r name kernel _; do
            printf '%s\t%s\t%s\n' "$name" "$kernel" "$(awk -F '\t' -v name="$name" '$1 == name { print $2 "\t" $3 "\t" $4 "\t" $5 }' \
                "$full_results" 2>/dev/null | grep . || echo "never run")"
        done
    } | column -t -s $'\t'
    echo
    echo "'scripts/test --full PART' runs one, for up to 70 minutes, and writes down how it ended."
}

# record_full PART PASSED FAILED SECONDS
record_full() {
    local commit rest=''
    commit=$(git -C "$top" rev-parse --short=12 HEAD)
    git -C "$top" diff --quiet HEAD -- . ':!tests/full/results' || commit+='+changes'
    [[ ! -e $full_results ]] || rest=$(awk -F '\t' -v name="$1" '$1 != name' "$full_results")
    { [[ -z $rest ]] || echo "$rest"; printf '%s\t%d passed, %d failed\t%d\t%s\t%s\n' "$1" "$2" "$3" $((($4 + 59) / 60)) "$commit" "$(date +%F)"; } |
        LC_ALL=C sort >"$full_results.new"
    mv "$full_results.new" "$full_results"
}
