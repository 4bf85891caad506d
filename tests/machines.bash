# Three machines on one: each a set of namespaces (network, mounts, host name) with a GlusterFS server and a client, a cable to a
# common switch, a boot id and a host name of its own.  One volume, "v", three copies, mounted at $LAB/K/volume of machine K.
#
# To be sourced by a script that runs in network, mount and PID namespaces of its own, so that nothing of this outlives it.
# LAB: an empty folder for bricks, logs and mounts.
VOLUME_SETTINGS="client.strict-locks on network.ping-timeout 4
	server.tcp-user-timeout 4 server.keepalive-time 2 server.keepalive-interval 1 server.keepalive-count 3
	client.tcp-user-timeout 4 client.keepalive-time 2 client.keepalive-interval 1 client.keepalive-count 3
	performance.quick-read off performance.io-cache off performance.stat-prefetch off performance.open-behind off
	performance.read-ahead off performance.readdir-ahead off performance.write-behind off"
: "${MOUNT_SETTINGS:=--fopen-keep-cache=off --attribute-timeout=0 --entry-timeout=0}"
declare -a machine
. "${BASH_SOURCE[0]%/*}/basics.bash"

# on K COMMAND...: there.  become K COMMAND...: the same in the place of this shell: after &, $! is the command's own process.
on() { local k=$1; shift; nsenter -t "${machine[$k]}" -n -m -u -i "$@"; }
become() { local k=$1; shift; exec nsenter -t "${machine[$k]}" -n -m -u -i "$@"; }

# until_there SECONDS COMMAND...: polls, and says nothing of what the command says.
until_there() {
	until_true "$@" >/dev/null 2>&1 || { echo "not within time: ${*:2}" >&2; return 1; }
}

a_machine() {
	local k=$1
	mkdir -p "$LAB/$k/brick" "$LAB/$k/volume"
	unshare -n -m -u -i --propagation private sh -c '
		for d in /var/lib/glusterd /run /var/log /dev/shm; do mount -t tmpfs none $d; done
		mkdir -p /run/gluster /var/log/glusterfs
		hostname machine'"$k"'
		cat /proc/sys/kernel/random/uuid >/run/boot_id
		mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
		touch '"$LAB/$k/there"'
		exec sleep 100000' &
	machine[$k]=$!
	until_there 10 test -e "$LAB/$k/there" || return
	ip link add "cable$k" type veth peer name plug netns "${machine[$k]}"
	ip link set "cable$k" master switch up
	on "$k" ip addr add "10.77.0.$k/24" dev plug
	on "$k" ip link set plug up
	on "$k" ip link set lo up
	sed "s#end-volume#    option transport.socket.bind-address 10.77.0.$k\nend-volume#" /etc/glusterfs/glusterd.vol >"$LAB/$k/glusterd.vol"
	on "$k" nice -n 5 glusterd -f "$LAB/$k/glusterd.vol" -p "$LAB/$k/glusterd.pid" -l "$LAB/$k/glusterd.log"
}

volume() { on 1 gluster --mode=script volume "$@"; }

# Each machine has the two others: the first one knows of them before they know of each other.
all_peers() { local k; for k in 1 2 3; do [ "$(on $k gluster --mode=script peer status | grep -c "Cluster (Connected)")" = 2 ] || return; done; }

# mount_volume K [OPTION...]
mount_volume() {
	local k=$1
	shift
	on "$k" glusterfs "$@" --volfile-server="10.77.0.$k" --volfile-id=/v --log-file="$LAB/$k/client.log" --pid-file="$LAB/$k/client.pid" "$LAB/$k/volume"
	until_there 20 on "$k" sh -c "mountpoint -q $LAB/$k/volume && ls $LAB/$k/volume"
}

umount_volume() { on "$1" umount -l "$LAB/$1/volume"; }

machines_up() {
	local k
	ip link set lo up
	ip link add name switch type bridge
	ip link set switch up
	for k in 1 2 3; do a_machine $k || return; done
	for k in 1 2 3; do until_there 30 on $k gluster --mode=script peer status || return; done
	say "servers are there"
	for k in 2 3; do on 1 gluster --mode=script peer probe 10.77.0.$k >/dev/null || return; done
	until_there 30 all_peers || return
	volume create v replica 3 "10.77.0.1:$LAB/1/brick" "10.77.0.2:$LAB/2/brick" "10.77.0.3:$LAB/3/brick" force >/dev/null || return
	# shellcheck disable=SC2086
	volume set v $VOLUME_SETTINGS >/dev/null || return
	say "volume is made"
	volume start v >/dev/null || return
	say "volume is started"
	# shellcheck disable=SC2086
	for k in 1 2 3; do mount_volume $k $MOUNT_SETTINGS || return; done
}

cut_cable() { ip link set "cable$1" down; }
join_cable() { ip link set "cable$1" up; }

# mute A B...: what A sends to B is lost, and what B sends arrives.  apart A B: neither hears the other.  unmute: all is as ever.
muted=
mute() {
	local a=$1 b
	shift
	for b; do
		on "$a" ip neigh replace "10.77.0.$b" lladdr 02:00:00:00:00:99 dev plug nud permanent
		muted+="$a $b "
	done
}
apart() { mute "$1" "$2"; mute "$2" "$1"; }
unmute() {
	# shellcheck disable=SC2086
	set -- $muted
	for ((; $#; )); do on "$1" ip neigh del "10.77.0.$2" dev plug; shift 2; done
	muted=
}

# has_servers K N: so many has the client there a connection to.
has_servers() { [ "$(on "$1" sh -c "cat $LAB/$1/volume/.meta/graphs/active/v-client-*/private" | grep -c '^connected = 1')" = "$2" ]; }
# All clients have all servers.
all_joined() { local k; for k in 1 2 3; do until_there 30 has_servers $k 3 || return; done; }

server_pid() { on "$1" sh -c 'cat /run/gluster/vols/v/*.pid'; }
kill_server() { kill -9 "$(server_pid "$1")"; }
start_servers() { volume start v force >/dev/null; }
# Nothing is left to be healed.
is_healed() { [ "$(volume heal v info summary | awk '/Total Number/ { n += $NF } END { print n + 0 }')" = 0 ]; }
