-- STAY: eligible stays that ended in the period.
-- Source: indicator catalogue (closed PMSI stays but deaths, internal transfers and cancelled files;
-- sessions grouped by four months).
SELECT finess_ej, period, count(DISTINCT stay_id) AS count
FROM eligible_stay
GROUP BY finess_ej, period
