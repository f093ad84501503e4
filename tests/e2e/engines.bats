# Every engine under a rule that blocks: what it does with containers is neither reported nor disturbed, and what it has
# written down of them is known.
# vm: --init systemd
# kernels: none

load lib/container
load lib/holdfast
load lib/engines

setup() { container_setup; holdfast_setup; block_escapes; engines_setup; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

@test "docker, runc, cgroups of its own; its own records are known, and a new version and its restart change nothing" {
    docker_begin cgroupfs
    life_cycle docker
    # a scope by image and label applies; what the container's user says of itself does not
    rule_images=docker.io/library/base
    set_rule block
    docker_start labelled sleep 1000
    wait_for 20 knows labelled .engine docker
    known docker labelled base:1
    docker_run --detach --name other --label org.opencontainers.image.ref.name=base:1 other:1 sleep 1000
    [[ $(docker_exec labelled sh -c 'cp /bin/busybox /tmp/true; /tmp/true || echo refused') == *refused* ]]
    [[ $(docker_exec other sh -c 'cp /bin/busybox /tmp/true; /tmp/true && echo started') == *started* ]]
    docker rename labelled renamed
    wait_for 20 knows renamed .name renamed
    upgrade dockerd containerd containerd-shim-runc-v2 runc docker
    docker_restart_engine
    [[ $(docker_once marker) == ran ]]
    [[ $(docker_exec renamed marker) == ran ]]
    [[ $(docker_exec renamed sh -c '/tmp/true || echo refused') == *refused* ]]
    knows renamed .image base:1
    docker rm --force renamed other
}

@test "docker: an image that a rule exempts runs what is added to it, another's containers do not" {
    local action
    exempts() {
        rule_text "$1"
        printf '    allow_list:\n      images: [docker.io/library/other]\n'
    }
    docker_begin systemd
    docker_start judged sleep 1000
    docker_run --detach --name exempt other:1 sleep 1000
    wait_for 20 knows judged .image base:1
    wait_for 20 knows exempt .image other:1
    for action in block alert; do
        put_in_force exempts $action
        [[ $(docker_exec exempt sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy; load_code map /tmp/copy') == $'ran\nran\nloaded' ]]
        same 0 "$(operations)"
        run docker_exec judged sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
        echo "$output"
        if [[ $action == block ]]; then
            [[ $status -ne 0 && $output == ran*"Operation not permitted"* ]]
        else
            [[ $status -eq 0 && $output == $'ran\nran' ]]
        fi
        same "exec added ${action/block/deny} /tmp/copy" "$(alert_lines)"
        same judged "$(alerts '.[] | select(.rule.name == $rule).container.name' --arg rule "$rule")"
    done
    # its items of rules against escapes are not exempt by that
    same '["block"]' "$(shown exempt '[.rules[] | select(.name == "no-escape").effective] | tojson')"
    docker rm --force judged exempt
}

@test "podman, crun, cgroups of systemd; its own records are known, and a new version changes nothing" {
    podman_begin crun systemd
    life_cycle podman more
    podman_start labelled sleep 1000
    wait_for 20 knows labelled .engine podman
    known podman labelled localhost/base:1
    upgrade podman conmon crun
    [[ $(podman_exec labelled marker) == ran ]]
    [[ $(podman_exec labelled sh -c 'cp /usr/bin/marker /tmp/new; /tmp/new || echo refused') == *refused* ]]
    [[ $(podman_once marker) == ran ]]
    podman rm --force --time 0 labelled
}

@test "containerd by ctr, runc; its own records are known, and its restart changes nothing" {
    ctr_begin
    life_cycle ctr more
    ctr_start labelled sleep 1000
    wait_for 20 knows labelled .engine containerd
    known ctr labelled docker.io/library/base:1
    systemctl restart containerd.service
    wait_for 60 ctr version >/dev/null 2>&1
    [[ $(ctr_exec labelled marker) == ran ]]
    knows labelled .image docker.io/library/base:1
    ctr_end labelled
    # cgroups of systemd
    ctr run --detach --runc-systemd-cgroup --cgroup system.slice:cri-containerd:by-systemd docker.io/library/base:1 by-systemd \
        sleep 1000 </dev/null
    wait_for 20 knows by-systemd .image docker.io/library/base:1
    same '[true,"/system.slice/cri-containerd-by-systemd.scope"]' "$(shown by-systemd '[.covered, .cgroup_path]')"
    [[ $(ctr_exec by-systemd sh -c 'marker; cp /usr/bin/marker /tmp/copy; /tmp/copy || echo refused') == $'ran\nrefused' ]]
    ctr_end by-systemd
}

@test "containerd by the kubelet's interface, cgroups of its own" {
    cri_begin cgroupfs
    set_rule block
    read -r pod id < <(cri start shop web-1 web docker.io/library/base:1)
    [[ $(cri exec "$id" marker) == ran ]]
    no_alerts
    same '["web",true]' "$(shown "$id" '[.name, .covered]')"
    [[ $(cri exec "$id" sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy || echo refused' 2>/dev/null) == refused ]]
    cri end "$pod"
}

@test "containerd by the kubelet's interface, cgroups of systemd: a pod lives and ends, and what it is is known" {
    cri_begin systemd
    set_rule block
    read -r pod id < <(cri start shop web-0 web docker.io/library/base:1 app=shop)
    [[ $(cri exec "$id" marker) == ran ]]
    no_alerts
    same '["web","containerd","docker.io/library/base:1","web-0","shop"]' \
        "$(shown "$id" '[.name, .engine, .image, .pod, .pod_namespace]')"
    same "$(CONTAINERD_NAMESPACE=k8s.io ctr_digests)" "$(shown "$id" '.digests | sort | join(" ")')"
    run cri exec "$id" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    [[ $status -ne 0 && $output == *ran* && $output == *"Operation not permitted"* ]]
    same "exec added deny /tmp/copy" "$(alert_lines)"
    same "web web-0 shop uid-of-web-0" "$(alerts '[.[] | select(.rule.name == $rule)][0].container |
        "\(.name) \(.pod) \(.pod_namespace) \(.pod_uid)"' --arg rule "$rule")"
    # a label that only its pod has
    rule=by-label
    write_rules "$(rule_text block /tmp | sed 's/^    action:/    scope: {labels: [tier=front]}\n&/')"
    wait_for 20 in_force
    [[ $(cri exec "$id" /tmp/copy) == ran ]]
    systemctl restart containerd.service
    wait_for 60 ctr version >/dev/null 2>&1
    [[ $(cri exec "$id" marker) == ran ]]
    cri end "$pod"
    totals_agree
}
