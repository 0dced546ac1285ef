// What most papers name
// Method may be Dataset, Benchmark or Concept instead.
MATCH (e:Method)
RETURN e.name AS name, e.papers AS papers, e.first_year AS since, e.aliases AS aliases
ORDER BY papers DESC, name, e.id
LIMIT 20
