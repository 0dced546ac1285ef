// What papers name, year by year
// Part of an entity's name goes between the quotes; without one it is the ten most named.
WITH '' AS part
MATCH (e:Entity)
WHERE toLower(e.name) CONTAINS toLower(part)
WITH e
ORDER BY e.papers DESC, e.id
LIMIT 10
MATCH (e)<-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES|MENTIONS]-(p:Paper)
WHERE p.year IS NOT NULL
RETURN e.name AS entity, p.year AS year, count(p) AS papers
ORDER BY e.name, year
LIMIT 100
