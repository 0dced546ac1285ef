// What is compared with a method.
// Counts the papers that compare the two, and those that state which one is better; names the
// newest three.
//
// method: glob = "*" - its name or an alias
// limit: int = 20 - most rows
MATCH (m:Method)
WHERE m.name =~ $method OR any(alias IN m.aliases WHERE alias =~ $method)
CALL (m) {
  MATCH (m)<-[a:INTRODUCES|COMPARES_TO|STUDIES]-(p:Paper)
  MATCH (p)-[b:INTRODUCES|COMPARES_TO|STUDIES]->(o:Method)
  WHERE o.id <> m.id AND (type(a) = 'COMPARES_TO' OR type(b) = 'COMPARES_TO')
  RETURN o, p.id AS paper, 0 AS better, 0 AS worse
  UNION ALL
  MATCH (m)-[r:OUTPERFORMS]->(o:Method)
  UNWIND r.papers AS paper
  RETURN o, paper, 1 AS better, 0 AS worse
  UNION ALL
  MATCH (m)<-[r:OUTPERFORMS]-(o:Method)
  UNWIND r.papers AS paper
  RETURN o, paper, 0 AS better, 1 AS worse
}
WITH m, o, paper, sum(better) AS better, sum(worse) AS worse
MATCH (p:Paper {id: paper})
WITH m, o, p, better, worse
ORDER BY coalesce(p.year, 0) DESC, p.id
WITH m, o, count(p) AS papers, sum(better) AS better, sum(worse) AS worse,
     collect(p.title) AS titles
RETURN m.name AS method, o.name AS compared, papers, better, worse, titles[..3] AS titles
ORDER BY papers DESC, better + worse DESC, method, compared, m.id, o.id
LIMIT $limit
