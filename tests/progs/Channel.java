// Keeps lines in a file by FileChannel and MappedByteBuffer together.  Its words: put N, force, look, exit STATUS.
import java.io.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

class Channel {
	static FileChannel file;
	static MappedByteBuffer map;

	static byte[] batch(String n, int from, int to) {
		StringBuilder all = new StringBuilder();
		for (int i = from; i <= to; i++) {
			String key = "batch" + n + "-" + (1000 + i + "").substring(1);
			all.append(key).append(" value-of-").append(key).append('\n');
		}
		return all.toString().getBytes(StandardCharsets.US_ASCII);
	}

	// The first lines by writing at the end, the rest through a map that goes past it; too long, then cut.  One line is overwritten
	// by the channel under the map.
	static void put(String n) throws IOException {
		byte[] first = batch(n, 1, 90), rest = batch(n, 91, 200), line = batch(n, 150, 150);
		file.write(ByteBuffer.wrap(first), file.size());
		long start = file.size(), end = start + rest.length;
		byte[] wrong = rest.clone();
		Arrays.fill(wrong, 59 * line.length, 60 * line.length, (byte) 'x');
		map = file.map(FileChannel.MapMode.READ_WRITE, start, rest.length + 5000);
		map.put(wrong);
		file.write(ByteBuffer.wrap(line), start + 59 * line.length);
		check(Arrays.equals(rest, 0, rest.length, fromMap(rest.length), 0, rest.length), "map sees the channel's write");
		check(file.size() == end + 5000, "map grows the file");
		file.truncate(end);
		check(file.size() == end && file.position() <= end, "truncate");
	}

	static byte[] fromMap(int n) {
		byte[] b = new byte[n];
		map.get(0, b);
		return b;
	}

	// The batches that are whole, by read and by map.
	static String look() throws IOException {
		byte[] read = new byte[(int) file.size()];
		ByteBuffer into = ByteBuffer.wrap(read);
		file.position(0);
		while (into.hasRemaining() && file.read(into) > 0);
		MappedByteBuffer whole = file.map(FileChannel.MapMode.READ_ONLY, 0, read.length);
		byte[] mapped = new byte[read.length];
		whole.get(mapped);
		check(Arrays.equals(read, mapped), "read and map agree");
		StringBuilder found = new StringBuilder();
		for (int at = 0, size = batch("0", 1, 200).length; at < read.length; at += size) {
			String n = new String(read, at + 5, 1);
			check(Arrays.equals(Arrays.copyOfRange(read, at, at + size), batch(n, 1, 200)), "batch " + n);
			found.append(' ').append(n);
		}
		return found.toString();
	}

	static void check(boolean right, String what) {
		if (right) return;
		System.out.println("wrong: " + what);
		System.exit(9);
	}

	public static void main(String[] args) throws IOException {
		file = FileChannel.open(Path.of(args[0]), StandardOpenOption.READ, StandardOpenOption.WRITE);
		BufferedReader words = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = words.readLine()) != null; ) {
			String[] w = line.split(" ");
			String answer = "";
			switch (w[0]) {
			case "put": put(w[1]); break;
			case "force": map.force(); file.force(true); break;
			case "look": answer = look(); break;
			case "exit": System.exit(Integer.parseInt(w[1]));
			}
			System.out.println(line + answer);
		}
	}
}
