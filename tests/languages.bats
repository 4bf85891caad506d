load helpers
load stock

@test "java, channel and map" { tell java; }
@test "python and numpy, by write, resize, save, open_memmap and tofile" { tell python; }
