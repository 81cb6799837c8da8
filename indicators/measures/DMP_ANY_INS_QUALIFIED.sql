-- DMP_ANY_INS_QUALIFIED: those of DMP_ANY that carry a qualified INS.
-- Source: indicator catalogue (INS gate: before October 2023 a deposit without one is accepted).
SELECT d.finess_ej, d.period, count(DISTINCT d.unique_id) AS count
FROM active_deposit AS d
JOIN period AS p USING (period)
WHERE d.deposited_at >= p.starts_at AND d.deposited_at < p.ends_at AND d.ins_qualified
GROUP BY d.finess_ej, d.period
