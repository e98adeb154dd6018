-- Line items $first to $last (excluded): what each is, before it is spread over the report's columns.
WITH placed AS (
  -- Charge j is in row i, so that all kinds of charges mix. Late records follow at the end.
  SELECT i, IF(i < $base, i * $stride % $base, i) AS j FROM range($first, $last) r(i)
), segmented AS (
  SELECT i, j, CASE WHEN j < $edge0 THEN 0 WHEN j < $edge1 THEN 1 WHEN j < $edge2 THEN 2 WHEN j < $edge3 THEN 3 WHEN j < $edge4 THEN 4 ELSE 5 END AS segment,
    j - [0, $edge0, $edge1, $edge2, $edge3, $edge4][1 + segment] AS place, segment IN (2, 3, 4) AND place % 2 = 1 AS second, j - second::BIGINT AS k,
    IF(segment IN (2, 3, 4), place // 2, place) AS item, [$entry_count, $ri_instances, $sp_instances, $ec2_sp_instances, $distributions, $resources][1 + segment] AS things,
    item % things AS n, item // things AS turn
  FROM placed
), drawn AS (
  -- Steps of 11 days spread the days on which a commitment is unused, and few rows, over the month. Steps of 7 do so over the instances.
  SELECT i, k, segment, n, turn, second, CASE WHEN segment = 0 THEN -1 WHEN segment = 5 AND j % 199 = 50 THEN -2 WHEN segment < 5 THEN (turn * 11 + n * 7) % $days ELSE (turn + n * 11) % $days END AS day_no,
    -- Another revision restates every eighth charge.
    (hash(k, IF(k % 8 = 5, $amount_key, $key)) % 999999999999)::BIGINT AS a
  FROM segmented
), measured AS (
  SELECT * EXCLUDE (line_type, name, big_team), IF(is_hostile, hostile_name(k), name) AS name, IF(is_hostile, hostile_team(k), big_team) AS big_team,
    IF(second, IF(segment = 4, 'PrivateRateDiscount', 'SavingsPlanNegation'), line_type) AS line_type,
    CASE WHEN code = 'AWSLambda' AND shape = 2 AND k % 4 = 0 THEN (1 + a % 5) * 0.001e0
         WHEN shape = 0 THEN size WHEN shape = 1 THEN least(24, round((8 + a % 900 * 0.01e0) * $growth, 2))
         ELSE round(size * $growth * (0.85 + a % 3000 * 0.0001e0) * IF(spikes AND $spike AND turn < 3, 40, 1), IF(shape = 3, 0, 8)) END::DECIMAL(18, 8) AS amount
  FROM drawn JOIN thing USING (segment, n) JOIN day USING (day_no)
), valued AS (
  SELECT *, segment > 0 AND line_type <> 'PrivateRateDiscount' AS priced, segment > 0 AS used, segment IN (2, 3) OR segment = 0 AND commitment_no > 0 AS sp,
    segment = 1 OR segment = 0 AND commitment_no = 0 AS ri, IF(exact, (amount * rate)::DECIMAL(38, 18), (amount * rate)::DECIMAL(28, 10)::DECIMAL(38, 18)) AS value,
    IF(exact, (amount * public_rate)::DECIMAL(38, 18), (amount * public_rate)::DECIMAL(28, 10)::DECIMAL(38, 18)) AS public_value,
    IF(line_type IN ('SavingsPlanNegation', 'PrivateRateDiscount', 'Credit', 'Refund'), '-', '') AS sign,
    -- Taxes, credits, refunds and discounts have an amount of money, but no usage.
    priced OR line_type IN ('Fee', 'RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee') AS metered
  FROM measured
), line AS (
  -- AWS writes amounts as Java's BigDecimal prints them: exponents below 1E-6, zeros that keep their scale.
  -- What a reservation covers costs nothing: its fee is billed. A private rate is a row of its own.
  SELECT *, IF(segment = 4, (value * 0.25)::DECIMAL(28, 10)::DECIMAL(38, 18), 0::DECIMAL(38, 18)) AS discount,
    CASE WHEN line_type = 'DiscountedUsage' OR value = 0 THEN IF(a % 2 = 0, '0E-10', '0') WHEN amount < 0.006 AND exact THEN concat(sign, (amount * 1666.67)::DECIMAL(8, 5), 'E-8')
      WHEN line_type = 'PrivateRateDiscount' THEN concat('-', discount::DECIMAL(28, 10)) WHEN exact THEN concat(sign, value) ELSE concat(sign, value::DECIMAL(28, 10)) END AS cost,
    -- What one unit costs under the commitment, and this line item.
    CASE WHEN segment BETWEEN 1 AND 3 THEN (unit_rate * amount)::DECIMAL(28, 10) END AS covered
  FROM valued LEFT JOIN commitment USING (commitment_no)
)
