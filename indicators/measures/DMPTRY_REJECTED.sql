-- DMPTRY_REJECTED: those of DMPTRY that were rejected, for a broken rule or a technical cause.
-- Source: indicator catalogue (rejected_functional, rejected_technical) and §9.
SELECT t.finess_ej, p.period, count(*) AS count
FROM deposit_try AS t
JOIN period AS p ON t.tried_at >= p.starts_at AND t.tried_at < p.ends_at
WHERE t.is_rejected
GROUP BY t.finess_ej, p.period
