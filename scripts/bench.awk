# Samples "RESULT METRIC SIDE VALUE" to one line for each metric and side but "other", which they are compared with.
# -v unit= -v other=NAME -v json=FILE (a line is appended for each)
{
	key = $1 "/" $2
	if (!(key in known)) { known[key] = 1; keys[++key_count] = key }
	if ($3 != "other" && !((key, $3) in count)) sides[key] = sides[key] " " $3
	value[key, $3, ++count[key, $3]] = $4
}

# The value below which that share of the samples lies.
function quantile(key, side, share,    n, i, j, v, sorted) {
	n = count[key, side]
	for (i = 1; i <= n; i++) {
		v = value[key, side, i] + 0
		for (j = i - 1; j >= 1 && sorted[j] > v; j--) sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	i = int(share * (n - 1) + 0.5) + 1
	return sorted[i]
}

END {
	for (k = 1; k <= key_count; k++) {
		key = keys[k]
		m = split(sides[key], list, " ")
		b = quantile(key, "other", 0.5)
		b1 = quantile(key, "other", 0.25)
		b3 = quantile(key, "other", 0.75)
		for (i = 1; i <= m; i++) {
			s = list[i]
			a = quantile(key, s, 0.5)
			a1 = quantile(key, s, 0.25)
			a3 = quantile(key, s, 0.75)
			printf "%-28s %-9s %11.4g %s [%.4g %.4g]  %s %.4g [%.4g %.4g]  %.2f times as fast\n",
				key, s, a, unit, a1, a3, other, b, b1, b3, b / a
			printf "{\"name\": \"%s\", \"tracker\": \"%s\", \"unit\": \"%s\", \"ours\": %.6g, \"ours_quartiles\": [%.6g, %.6g], " \
				"\"against\": \"%s\", \"theirs\": %.6g, \"theirs_quartiles\": [%.6g, %.6g], \"ratio\": %.4g}\n",
				key, s, unit, a, a1, a3, other, b, b1, b3, b / a >>json
		}
	}
}
