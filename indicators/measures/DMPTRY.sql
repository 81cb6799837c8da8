-- DMPTRY: attempts to deposit a lot that the DMP answered, whatever it answered.
-- Source: indicator catalogue (dmp.try) and §9.
SELECT t.finess_ej, p.period, count(*) AS count
FROM deposit_try AS t
JOIN period AS p ON t.tried_at >= p.starts_at AND t.tried_at < p.ends_at
GROUP BY t.finess_ej, p.period
