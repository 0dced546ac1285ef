// Papers a year that name an entity, and their share of all papers of that year.
//
// entity: glob = "*" - its name or an alias
// limit: int = 50 - most rows
MATCH (e:Entity)
WHERE e.name =~ $entity OR any(alias IN e.aliases WHERE alias =~ $entity)
MATCH (e)<-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]-(p:Paper)
WHERE p.year IS NOT NULL
WITH e, p.year AS year, count(p) AS papers
ORDER BY e.papers DESC, e.id, year
LIMIT $limit
CALL (year) {
  MATCH (q:Paper)
  WHERE q.year = year
  RETURN count(q) AS published
}
RETURN e.name AS entity, [l IN labels(e) WHERE l <> 'Entity'][0] AS label, year, papers,
       toFloat(papers) / published AS share
ORDER BY e.papers DESC, e.id, year
