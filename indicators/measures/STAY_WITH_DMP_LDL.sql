-- STAY_WITH_DMP_LDL: eligible stays whose liaison letter is in the DMP, accepted and still active.
-- Source: indicator catalogue (PID-18 link, one letter a stay, deletions, lateness of 30 days).
SELECT s.finess_ej, s.period, count(DISTINCT s.stay_id) AS count
FROM eligible_stay AS s
JOIN active_deposit AS d USING (period, file_id)
WHERE d.type = 'LDL' AND d.first_at < s.left_at + INTERVAL 30 DAY
GROUP BY s.finess_ej, s.period
