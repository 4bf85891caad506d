# The library with a sanitizer of gcc in it; after helpers.bash, in the folder $TOP.  It is one that takes chunks to be at rest with the commit
# after the next (shim/copies.c), and writes records from 512 KiB on past the page cache (shim/direct.c).

# build_sanitized FLAG PLAIN FOLDER [SOURCE INSTEAD]: FOLDER/libbigfile.so, unless nothing has changed since.  FLAG: empty for none; PLAIN: files that are built
# without it, as a pattern for [[ ]]; INSTEAD: what stands in for the file SOURCE, without it too.
build_sanitized() {
	local flag=$1 plain=$2 out=$3 sources o c list=()
	mkdir -p "$out"
	[ ! -e "$out/libbigfile.so" ] || [ -n "$(find shim preload tests/crash -newer "$out/libbigfile.so" -name '*.[ch]' | head -1)" ] || return 0
	sources=$(find shim preload -name '*.c' ! -path "${4-}")
	for c in $sources ${5-}; do
		o=$out/$(basename "$c" .c).$(basename "$(dirname "$c")").o
		if [[ $c == ${5-} || $c == $plain ]]; then list+=("$c" "$o" -w); else list+=("$c" "$o" "$flag"); fi
	done
	printf '%s\0' "${list[@]}" | nice xargs -0 -n 3 -P "$(nproc)" bash -c 'gcc -g -O1 -w -std=gnu11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -Ishim -Ipreload \
		-DLATELY_NS=0 -DLATELY_COMMITS=0 -DREST_LEAST_NS=1 "-DJOURNAL_BUFFER=((size_t)256<<10)" "-DJOURNAL_CACHED=((uint64_t)512<<10)" -Iinclude -fPIC -fvisibility=hidden -ftls-model=initial-exec $2 -c "$0" -o "$1"' || return 1
	gcc -shared ${flag:+"$flag"} -o "$out/libbigfile.so" "$out"/*.o -Wl,--version-script=preload/libbigfile.map -Wl,-z,nodelete -Wl,-z,now -ldl -lpthread
}

# runtime_of NAME: the path of the sanitizer's own library, or nothing.
runtime_of() {
	local path
	path=$(gcc -print-file-name="lib$1.so")
	[ ! -e "$path" ] || realpath "$path"
}
