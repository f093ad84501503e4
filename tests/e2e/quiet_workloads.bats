# What heavier programs do in containers, under rules that block everything: not one alert, and they work.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_debian_image; }
teardown() { holdfast_teardown; container_teardown; }

@test "postgres: makes its files, compiles queries, ends and starts again" {
    block_all
    start_debian postgres
    exec_container postgres install -d -o postgres /run/postgresql /srv/db
    exec_container --user "$(id -u postgres):$(id -g postgres)" postgres sh -exc '
        PATH=$PATH:/usr/lib/postgresql/15/bin
        export PGDATA=/srv/db/data
        initdb --no-sync >/dev/null
        for i in 1 2; do
            pg_ctl --silent --wait --timeout 120 --log /srv/db/log start
            psql -qAt postgres -c "create table if not exists t as select generate_series(1, 1000) as i"
            psql -qAt postgres -c "set jit_above_cost = 0" -c "select sum(i) from t where i % 2 = 0"
            pg_ctl --silent --wait stop
        done' | tee "$container_dir/sums"
    same "$(printf '250500\n250500')" "$(<"$container_dir/sums")"
    no_alerts
}

# Its sandbox is made of namespaces further in.
@test "Chromium without a screen, in its sandbox" {
    start_debian chromium --unmasked
    page() {
        exec_container --user 33 --env HOME=/tmp chromium timeout 240 chromium-headless-shell --disable-gpu --dump-dom \
            'data:text/html,<script>document.write(6 * 7)</script>' | tee "$container_dir/page"
        grep -q '<body>.*42' "$container_dir/page" || grep -q 42 "$container_dir/page"
    }
    needs AS1 page
}
