# What is written by a path of the host's to what containers' roots are made of: refused under rules that block HW5, whoever's
# it is and by whatever mount; beside it nothing is.
# kernels: none

load lib/container
load lib/holdfast

setup() {
    container_setup
    holdfast_setup
    make_image base
    make_image written
    echo text >"$image_dir/written/etc/kept"
    echo text >"$container_dir/beside"
}

teardown() {
    holdfast_teardown
    container_teardown
}

# start_both   "target", with something written to it, and "writer", to which all of that is given
start_both() {
    make_bundle target written
    start_container target
    exec_container target sh -c 'echo text >/etc/added; cp /usr/bin/busybox /tmp/busybox'
    make_bundle writer base --cap all --bind "$container_dir:/host/test:rbind,rslave" --bind "$image_dir:/host/images"
    start_container writer
    before=$(state)
}

# All that is not to change, and how each name got there.
state() {
    # what the container does by itself is its own
    (cd "$image_dir/written" && find . -printf '%p %s %m %i %n\n' && cat etc/kept)
    (cd "$container_dir/target/upper" && find . -printf '%p %s %m %i %n\n' && cat etc/added)
    (cd "$container_dir/writer/upper" && find . -printf '%p %s %m %i %n\n')
}

writes='
    image=/host/images/written upper=/host/test/target/upper own=/host/test/writer/upper
    mkdir /host/test/work /host/test/empty
    try() { if eval "$*" 2>/dev/null; then echo "happened: $*"; else echo "refused: $*"; fi; }
    try "echo >>$image/etc/kept"
    try "echo >>$image/usr/bin/marker"
    try "chmod 700 $image/etc/kept"
    try "touch $image/etc/new"
    try "mkdir $upper/new"
    try "echo >>$upper/etc/added"
    try "ln $upper/etc/added /host/test/linked"
    try "ln -s /bin/sh $image/usr/bin/new"
    try "mv $upper/tmp/busybox /host/test/moved"
    try "mv /host/test/beside $upper/etc/beside"
    try "echo >/host/test/target/rootfs/tmp/merged"
    try "echo >$own/own"
    try "mount --bind $image/etc /mnt && echo >>/mnt/kept"
    umount /mnt
    try "unshare -m sh -c \"mount --bind $upper/etc /mnt && echo >>/mnt/added\""
    try "mv /host/test/target /host/test/other && mv /host/test/other /host/test/target"
    try "[ \$(reach exchange /host/test/empty /host/test/target) = done ] && reach exchange /host/test/empty /host/test/target"
    try "mount -t overlay -o lowerdir=/bin,upperdir=$upper/etc,workdir=/host/test/work none /mnt && umount /mnt"
    try "mount -t overlay -o lowerdir=/bin,upperdir=/host/test/target,workdir=/host/test/work none /mnt && echo >>/mnt/upper/etc/added; umount /mnt"
    try "echo >/host/test/target/work/new"
    try "[ \$(reach cut $image/etc/kept) = done ]"
    try "truncate -s 0 $image/etc/kept"
    try "rm $upper/etc/added"'

# What has nothing to do with them goes on meanwhile, also what overlays do to their layers themselves.
beside='
    set -e
    echo >>/host/test/beside
    echo >/host/test/new
    mv /host/test/new /host/test/newer
    rm /host/test/newer
    cat /host/images/written/etc/kept /host/test/target/upper/etc/added >/dev/null
    echo >>/etc/passwd
    chmod 700 /usr/bin/marker
    mkdir -p /opt/a && mv /opt/a /opt/b && touch /opt/b/c
    mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work
    mount -t overlay -o lowerdir=/usr/lib:/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work none /srv
    echo >>/srv/busybox
    umount /srv /mnt
    echo beside'

@test "block: none of it happens, by nobody's mount; what is beside it does, and is not reported" {
    escape_rule block
    start_both
    exec_container writer sh -c "$writes" >"$container_dir/tried"
    cat "$container_dir/tried"
    same "" "$(grep -v ^refused: "$container_dir/tried" || true)"
    same 22 "$(grep -c ^refused: "$container_dir/tried")"
    same "$before" "$(state)"
    same "HW5 deny T1543.005" "$(told)"
    started_at=$EPOCHREALTIME
    same beside "$(exec_container writer sh -c "$beside")"
    exec_container target sh -c 'echo >>/etc/kept; rm /etc/added; mv /tmp/busybox /tmp/other; /usr/bin/marker >/dev/null'
    # the host's own
    echo >>"$image_dir/written/etc/kept"
    touch "$container_dir/target/upper/etc/added"
    no_alerts
    # nor is it while the rule does not say so
    escape_rule block HW5
    exec_container writer sh -c 'echo >>/host/images/written/etc/kept'
    no_alerts
}

@test "alert: all of it happens, and is reported" {
    escape_rule alert
    start_both
    exec_container writer sh -c "$writes" | tee "$container_dir/tried"
    same 22 "$(grep -c ^happened: "$container_dir/tried")"
    same "HW5 alert T1543.005" "$(told)"
    [[ $(alerts '.[] | .operation.path' | sort -u) == *"/host/images/written/etc/kept"* ]]
    rm -r "$image_dir/written"
}

@test "an image's file is not changed behind its back while it is started all the time" {
    escape_rule block
    make_bundle writer base --cap all --bind "$image_dir:/host/images"
    start_container writer
    exec_container writer sh -c 'while :; do echo >>/host/images/written/usr/bin/marker; done' 2>/dev/null 3>&- &
    local loop=$! sum i
    sum=$(sha256sum <"$image_dir/written/usr/bin/marker")
    for i in 1 2 3; do
        make_bundle "target$i" written
        start_container "target$i"
        # from when the first program has started
        [[ $i -gt 1 ]] || sum=$(sha256sum <"$image_dir/written/usr/bin/marker")
        same "$sum" "$(sha256sum <"$image_dir/written/usr/bin/marker")"
        [[ $i -eq 1 ]] || delete_container "target$((i - 1))"
    done
    kill "$loop"
}
