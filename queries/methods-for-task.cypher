// Methods for a task.
// Counts the papers on the task that introduce or use them, and those that state the application;
// names the newest three.
//
// task: glob = "*" - the task's name or an alias
// limit: int = 20 - most rows
MATCH (t:Concept)
WHERE t.kind <> 'metric' AND (t.name =~ $task OR any(alias IN t.aliases WHERE alias =~ $task))
// Task by task, of each no more than all in all: the groups of all tasks together would not fit.
CALL (t) {
  CALL (t) {
    MATCH (t)<-[:INTRODUCES|EVALUATES_ON|USES|COMPARES_TO|STUDIES]-(p:Paper)
    MATCH (p)-[r:INTRODUCES|USES]->(m:Method)
    RETURN m, p.id AS paper, CASE type(r) WHEN 'INTRODUCES' THEN 1 ELSE 0 END AS introduced,
           0 AS stated
    UNION ALL
    MATCH (t)<-[r:APPLIED_TO]-(m:Method)
    UNWIND r.papers AS paper
    RETURN m, paper, 0 AS introduced, 1 AS stated
  }
  WITH m, paper, sum(introduced) AS introduced, sum(stated) AS stated
  WITH m, count(paper) AS papers, sum(introduced) AS introduced, sum(stated) AS stated,
       collect(paper) AS ids
  ORDER BY papers DESC, stated DESC, introduced DESC, m.name, m.id
  LIMIT $limit
  RETURN m, papers, introduced, stated, ids
}
WITH t, m, papers, introduced, stated, ids
ORDER BY papers DESC, stated DESC, introduced DESC, t.name, m.name, t.id, m.id
LIMIT $limit
UNWIND ids AS paper
MATCH (p:Paper {id: paper})
WITH t, m, papers, introduced, stated, p
ORDER BY coalesce(p.year, 0) DESC, p.id
WITH t, m, papers, introduced, stated, collect(p.title) AS titles
RETURN t.name AS task, m.name AS method, papers, introduced, stated, titles[..3] AS titles
ORDER BY papers DESC, stated DESC, introduced DESC, task, method, t.id, m.id
