title="Mono, MemoryMappedFile" packages=mono-csharp-shell files=db.txt
keeps="a view of the file; Flush() is msync()"

fresh() {
	lines 0 >db.txt
	truncate -s 62000 db.txt
}
start() {
	feed csharp
	say 'using System.IO;' 'using System.IO.MemoryMappedFiles;' \
		'var v = MemoryMappedFile.CreateFromFile("db.txt", FileMode.Open).CreateViewAccessor();' \
		'Func<string, int> put = n => { for (int i = 1; i <= 200; i++) { var k = "batch" + n + "-" + i.ToString("000"); var b = System.Text.Encoding.ASCII.GetBytes(k + " value-of-" + k + "\n"); v.WriteArray((int.Parse(n) * 200 + i - 1) * 31, b, 0, b.Length); } return 0; };' \
		'Console.WriteLine("rea" + "dy");'
	answered '*ready*'
}
put() { say "put(\"$1\"); Console.WriteLine(\"put \" + $1);"; answered "*put $1"; }
unfinished() { put $1; }
durable() { put $1; say "v.Flush(); Console.WriteLine(\"sync \" + $1);"; answered "*sync $1"; }
fail() { say 'Environment.Exit(3);'; finish 3; }
content() { tr -d '\0' <db.txt; }
