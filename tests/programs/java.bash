title="Java, FileChannel and MappedByteBuffer" packages=openjdk-17-jdk-headless files=db.txt again=no instants=rest
keeps="one file by channel and overlapping maps together, grown by map(), cut under them"

classes=${BATS_FILE_TMPDIR:-}
fresh() {
	classes=${classes:-$run_dir}
	[ -e "$classes/Channel.class" ] || javac -d "$classes" "$TOP/tests/progs/Channel.java"
	lines 0 >db.txt
}
start() { feed java -XX:TieredStopAtLevel=1 -cp "$classes" Channel db.txt; }
unfinished() { say "put $1"; answered "put $1"; }
put() { unfinished $1; }
durable() { put $1; say "force $1"; answered "force $1"; }
reread() { say look; answered "look $*"; }
fail() { say 'exit 3'; finish 3; }
content() { cat db.txt; }
