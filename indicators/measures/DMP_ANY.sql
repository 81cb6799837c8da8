-- DMP_ANY: documents deposited in the period, accepted and still active when it closes.
-- Source: indicator catalogue; the link to a stay is not asked of a volume.
SELECT d.finess_ej, d.period, count(DISTINCT d.unique_id) AS count
FROM active_deposit AS d
JOIN period AS p USING (period)
WHERE d.deposited_at >= p.starts_at AND d.deposited_at < p.ends_at
GROUP BY d.finess_ej, d.period
