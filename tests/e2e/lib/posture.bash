# shellcheck shell=bash
# What a container was given, as holdfastctl shows it.

# what NAME   the ids of what is more than a note, once it was looked at
what() {
    wait_for 10 known "$1"
    holdfastctl containers "$1" --output json |
        jq -r '[.posture.findings[] | select(.severity != "note").id] | join(" ")'
}
known() { [[ $(holdfastctl containers "$1" --output json | jq .posture.known) == true ]]; }
