title="LuaJIT, mmap by FFI" packages=luajit files=db.txt
keeps="an array: mapped, stored to by compiled code"
lua_program='
local ffi = require "ffi"
ffi.cdef[[
	int open(const char *path, int flags);
	void *mmap(void *, size_t, int, int, int, long);
	int msync(void *, size_t, int);
]]
local size = 62000
local map = ffi.cast("char *", ffi.C.mmap(nil, size, 3, 1, ffi.C.open("db.txt", 2), 0))
for line in io.lines() do
	local what, n = line:match("(%w+) (%d+)")
	if what == "put" then
		for i = 1, 200 do
			local s = ("batch%d-%03d value-of-batch%d-%03d\n"):format(n, i, n, i)
			for j = 1, #s do map[(n * 200 + i - 1) * 31 + j - 1] = s:byte(j) end
		end
	elseif what == "sync" then assert(ffi.C.msync(map, size, 4) == 0)
	elseif what == "exit" then os.exit(tonumber(n)) end
	print(line)
end'

fresh() {
	lines 0 >db.txt
	truncate -s 62000 db.txt
}
start() { feed luajit -e "$lua_program"; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; say "sync $1"; answered "sync $1"; }
unfinished() { put $1; }
fail() { say 'exit 3'; finish 3; }
content() { tr -d '\0' <db.txt; }
