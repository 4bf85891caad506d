title=rrdtool packages=rrdtool files=db.rrd again=no
keeps="a database of fixed size: opened, mapped, stored to, unmapped and closed at each update"
# The values are the seconds; batch N has those from 200 N on.
values() { seq -f '%.0f' $((200 * $1 + 1)) $((200 * $1 + 200)); }
updates() { values $1 | awk '{ print "update db.rrd", 1000000000 + $1 ":" $1 }'; }
lines() { for n; do values $n; done | awk '{ print 1000000000 + $1, $1 }'; }

fresh() {
	rrdtool create db.rrd --step 1 --start 1000000000 DS:v:GAUGE:10:U:U RRA:LAST:0.5:1:3000
	updates 0 | rrdtool - >/dev/null
}
start() { feed rrdtool -; }
put() {
	say "$(updates $1)" "last db.rrd"
	answered $((1000000200 + 200 * $1))
}
durable() { put $1; }
reread() { say "last db.rrd"; answered $((1000000200 + 200 * ${!#})); }
content() { rrdtool fetch db.rrd LAST -s 1000000000 -e 1000002500 | awk '/^[0-9]/ && !/nan/ { print +$1, +$2 }'; }
