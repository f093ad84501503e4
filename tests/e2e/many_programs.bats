# A rule that exempts as many programs by their digests as one may.
# vm: --memory 3072
# kernels: none

load lib/container
load lib/holdfast
load lib/programs

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; rm -f /etc/holdfast/listed; }

@test "a list of a million programs comes into force, counts and can be changed" {
    listed_many 1000000
    wait_for 60 is_normal
}
