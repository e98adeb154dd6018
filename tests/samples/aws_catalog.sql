-- What the company uses. Rates are AWS's list prices per unit in Frankfurt, Ireland and N. Virginia. `size` is the usual
-- usage of a resource on one day, and `slots` its share of the resources. Without slots, only a commitment or a discount uses it.
CREATE TABLE sku AS SELECT row_number() OVER () - 1 AS sku_no, * FROM (VALUES
  (6, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Compute Instance', 'BoxUsage:m5.large', 'RunInstances', 'Hrs', 'Hours', 0.115, 0.107, 0.096, 24, 'm5.large', '2', '8 GiB', 'i-0{n}'),
  (6, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Compute Instance', 'BoxUsage:m6i.xlarge', 'RunInstances', 'Hrs', 'Hours', 0.23, 0.214, 0.192, 24, 'm6i.xlarge', '4', '16 GiB', 'i-0{n}'),
  (3, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Compute Instance', 'BoxUsage:c6g.2xlarge', 'RunInstances', 'Hrs', 'Hours', 0.3104, 0.2912, 0.272, 24, 'c6g.2xlarge', '8', '16 GiB', 'i-0{n}'),
  (3, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Compute Instance', 'SpotUsage:r6i.2xlarge', 'RunInstances:SV002', 'Hrs', 'Hours', 0.2231, 0.1987, 0.1873, 24, 'r6i.2xlarge', '8', '64 GiB', 'i-0{n}'),
  (4, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Compute Instance', 'BoxUsage:t3.medium', 'RunInstances', 'Hrs', 'Hours', 0.048, 0.0456, 0.0416, 24, 't3.medium', '2', '4 GiB', 'i-0{n}'),
  (9, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Storage', 'EBS:VolumeUsage.gp3', 'CreateVolume-Gp3', 'GB-Mo', 'GB-Months', 0.0952, 0.088, 0.08, 7, NULL, NULL, NULL, 'vol-0{n}'),
  (2, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'NAT Gateway', 'NatGateway-Bytes', 'NatGateway', 'GB', 'GB', 0.052, 0.048, 0.045, 60, NULL, NULL, NULL, 'arn:aws:ec2:{r}:{a}:natgateway/nat-0{n}'),
  (1, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'NAT Gateway', 'NatGateway-Hours', 'NatGateway', 'Hrs', 'Hours', 0.052, 0.048, 0.045, 24, NULL, NULL, NULL, 'arn:aws:ec2:{r}:{a}:natgateway/nat-0{n}'),
  (2, 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', 'Data Transfer', 'DataTransfer-Out-Bytes', 'RunInstances', 'GB', 'GB', 0.09, 0.09, 0.09, 45, NULL, NULL, NULL, 'i-0{n}'),
  (5, 'AmazonS3', 'Amazon Simple Storage Service', 'Storage', 'Object Storage', 'Storage', 'TimedStorage-ByteHrs', 'StandardStorage', 'GB-Mo', 'GB-Months', 0.0245, 0.023, 0.023, 150, NULL, NULL, NULL, 'acme-{w}-{n}'),
  (2, 'AmazonS3', 'Amazon Simple Storage Service', 'Storage', 'Object Storage', 'API Request', 'Requests-Tier1', 'PutObject', 'Requests', 'Requests', 0.0000054, 0.000005, 0.000005, 180000, NULL, NULL, NULL, 'acme-{w}-{n}'),
  (2, 'AmazonS3', 'Amazon Simple Storage Service', 'Storage', 'Object Storage', 'API Request', 'Requests-Tier2', 'GetObject', 'Requests', 'Requests', 0.00000043, 0.0000004, 0.0000004, 2400000, NULL, NULL, NULL, 'acme-{w}-{n}'),
  (3, 'AWSLambda', 'AWS Lambda', 'Compute', 'Serverless Compute', 'Serverless', 'Lambda-GB-Second', 'Invoke', 'Lambda-GB-Second', 'GB-Seconds', 0.0000166667, 0.0000166667, 0.0000166667, 90000, NULL, NULL, NULL, 'arn:aws:lambda:{r}:{a}:function:{w}-{n}'),
  (1, 'AWSLambda', 'AWS Lambda', 'Compute', 'Serverless Compute', 'Serverless', 'Request', 'Invoke', 'Requests', 'Requests', 0.0000002, 0.0000002, 0.0000002, 1500000, NULL, NULL, NULL, 'arn:aws:lambda:{r}:{a}:function:{w}-{n}'),
  (3, 'AmazonRDS', 'Amazon Relational Database Service', 'Databases', 'Relational Databases', 'Database Instance', 'InstanceUsage:db.r6g.large', 'CreateDBInstance:0014', 'Hrs', 'Hours', 0.27, 0.25, 0.225, 24, 'db.r6g.large', '2', '16 GiB', 'arn:aws:rds:{r}:{a}:db:{w}-{n}'),
  (2, 'AmazonRDS', 'Amazon Relational Database Service', 'Databases', 'Relational Databases', 'Database Storage', 'RDS:GP3-Storage', 'CreateDBInstance:0014', 'GB-Mo', 'GB-Months', 0.137, 0.127, 0.115, 9, NULL, NULL, NULL, 'arn:aws:rds:{r}:{a}:db:{w}-{n}'),
  (1, 'AmazonDynamoDB', 'Amazon DynamoDB', 'Databases', 'NoSQL Databases', 'Amazon DynamoDB PayPerRequest Throughput', 'ReadRequestUnits', 'PayPerRequestThroughput', 'ReadRequestUnits', 'ReadRequestUnits', 0.0000001525, 0.0000001415, 0.000000125, 9000000, NULL, NULL, NULL, 'arn:aws:dynamodb:{r}:{a}:table/{w}-{n}'),
  (1, 'AmazonDynamoDB', 'Amazon DynamoDB', 'Databases', 'NoSQL Databases', 'Amazon DynamoDB PayPerRequest Throughput', 'WriteRequestUnits', 'PayPerRequestThroughput', 'WriteRequestUnits', 'WriteRequestUnits', 0.0000007625, 0.000000705, 0.000000625, 2500000, NULL, NULL, NULL, 'arn:aws:dynamodb:{r}:{a}:table/{w}-{n}'),
  (2, 'AmazonCloudWatch', 'AmazonCloudWatch', 'Management and Governance', 'Observability', 'Data Payload', 'DataProcessing-Bytes', 'PutLogEvents', 'GB', 'GB', 0.63, 0.57, 0.5, 4, NULL, NULL, NULL, 'arn:aws:logs:{r}:{a}:log-group:/acme/{w}-{n}'),
  (1, 'awskms', 'AWS Key Management Service', 'Security', 'Secret Management', 'API Request', 'KMS-Requests', 'Decrypt', 'Requests', 'Requests', 0.000003, 0.000003, 0.000003, 60000, NULL, NULL, NULL, 'arn:aws:kms:{r}:{a}:key/mrk-{n}{n}'),
  (1, 'AWSQueueService', 'Amazon Simple Queue Service', 'Integration', 'Messaging', 'API Request', 'Requests', 'Receive', 'Requests', 'Requests', 0.0000004, 0.0000004, 0.0000004, 1200000, NULL, NULL, NULL, 'arn:aws:sqs:{r}:{a}:{w}-{n}'),
  (2, 'AmazonElastiCache', 'Amazon ElastiCache', 'Databases', 'Caching', 'Cache Instance', 'NodeUsage:cache.t3.medium', 'CreateCacheCluster:0002', 'Hrs', 'Hours', 0.078, 0.073, 0.068, 24, 'cache.t3.medium', '2', '3.09 GiB', 'arn:aws:elasticache:{r}:{a}:cluster:{w}-{n}'),
  (1, 'AmazonRoute53', 'Amazon Route 53', 'Networking', 'Network Routing', 'DNS Query', 'DNS-Queries', 'A', 'Queries', 'Queries', 0.0000004, 0.0000004, 0.0000004, 3000000, NULL, NULL, NULL, 'arn:aws:route53:::hostedzone/Z{n}'),
  (2, 'AWSELB', 'Elastic Load Balancing', 'Networking', 'Application Networking', 'Load Balancer-Application', 'LoadBalancerUsage', 'LoadBalancing:Application', 'Hrs', 'Hours', 0.027, 0.0252, 0.0225, 24, NULL, NULL, NULL, 'arn:aws:elasticloadbalancing:{r}:{a}:loadbalancer/app/{w}/{n}'),
  (1, '9xkq4vexample0marketplace', 'Orbit Observability Pro', 'Management and Governance', 'Observability', NULL, 'SoftwareUsage:Hosts', 'Hourly', 'Units', 'Units', 0.031, 0.031, 0.031, 96, NULL, NULL, NULL, 'i-0{n}'),
  (0, 'AmazonCloudFront', 'Amazon CloudFront', 'Networking', 'Content Delivery', 'Data Transfer', 'DataTransfer-Out-Bytes', 'GET', 'GB', 'GB', 0.085, 0.085, 0.085, 130, NULL, NULL, NULL, 'arn:aws:cloudfront::{a}:distribution/E{n}')
) t(slots, code, service, category, subcategory, family, usage_type, operation, unit, focus_unit, rate0, rate1, rate2, size, instance_type, vcpu, memory, arn);

CREATE TABLE region AS SELECT row_number() OVER () - 1 AS region_no, * FROM (VALUES
  ('eu-central-1', 'EU (Frankfurt)', 'EUC1-'), ('eu-west-1', 'EU (Ireland)', 'EU-'), ('us-east-1', 'US East (N. Virginia)', '')
) t(region, location, prefix);

-- Names as people write them: quoted newlines, commas, doubled quotes, text beyond ASCII. Only resources of the team qa have them.
CREATE MACRO hostile_name(k) AS ['web-2, blue', 'db "primary"', E'two\nlines', 'Zürich – naïve 東京 🚀', E'crlf\r\ninside, "quoted"',
  ' leading and trailing ', '''single''', '=1+1'][1 + k % 8];
CREATE MACRO hostile_team(k) AS ['QA', NULL, 'Qa', NULL, 'größe', NULL, 'qa', NULL][1 + k % 8];

CREATE MACRO draw(k, salt, n) AS (hash(k, $company, salt) % n)::BIGINT;

-- Commitments, with what they cost and grant in this month.
CREATE TABLE commitment AS SELECT * FROM (VALUES $commitments) t($commitment_columns);

-- Charges without a resource: fees, taxes, credits and refunds. `rate` is the price of one unit.
CREATE TABLE entry AS SELECT * FROM (VALUES
  ('support', 'Fee', 'AWSSupportBusiness', 'AWS Support (Business)', 'Management and Governance', 'Support', 'Support', 'Dollar', 'Support', 'Dollar', 'Dollars', 1, 100, -1, 'AWS Support (Business), a share of the month''s usage'),
  ('tax', 'Tax', 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', NULL, NULL, NULL, NULL, NULL, 1, 0, -1, 'VAT of 0%, "reverse charge"'),
  ('subscription', 'Fee', '9xkq4vexample0marketplace', 'Orbit Observability Pro', 'Management and Governance', 'Observability', NULL, 'MP:Subscription', 'Contract', 'Units', 'Units', 1, $subscription, -1, 'Orbit Observability Pro, monthly subscription'),
  ('vat', 'Tax', '9xkq4vexample0marketplace', 'Orbit Observability Pro', 'Management and Governance', 'Observability', NULL, NULL, NULL, NULL, NULL, 1, $subscription * 0.19, -1, 'VAT of 19%, sold by Orbit Observability GmbH'),
  ('credit', 'Credit', 'AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines', NULL, NULL, NULL, NULL, NULL, 1, $credit, -1, E'AWS Activate credit\nsecond line, for $year'),
  ('rounding', 'Credit', 'AWSLambda', 'AWS Lambda', 'Compute', 'Serverless Compute', NULL, NULL, NULL, NULL, NULL, 0.002, 0.0000166667, -1, 'Free tier, rounding'),
  ('refund', 'Refund', 'AmazonS3', 'Amazon Simple Storage Service', 'Storage', 'Object Storage', NULL, 'EUC1-TimedStorage-ByteHrs', 'StandardStorage', NULL, NULL, 1, $refund, -1, 'Refund, "outage" of one hour'),
  ('instalment', 'RIFee', 'AmazonRDS', 'Amazon Relational Database Service', 'Databases', 'Relational Databases', 'Database Instance', 'EUC1-HeavyUsage:db.r6g.large', 'CreateDBInstance:0014', 'Hrs', 'Hours', 0, 0, 0, 'USD 0.0891 hourly fee per PostgreSQL, db.r6g.large instance'),
  ('plan', 'SavingsPlanRecurringFee', 'ComputeSavingsPlans', 'Savings Plans for AWS Compute usage', 'Compute', 'Other (Compute)', NULL, 'ComputeSP:1yrNoUpfront', 'Commitment', 'Hrs', 'Hours', 0, 0, 1, '1 year No Upfront Compute Savings Plan'),
  ('ec2_plan', 'SavingsPlanRecurringFee', 'ComputeSavingsPlans', 'Savings Plans for AWS Compute usage', 'Compute', 'Other (Compute)', NULL, 'EUC1-EC2SP:m5.1yrPartialUpfront', 'Commitment', 'Hrs', 'Hours', 0, 0, 2, '1 year Partial Upfront EC2 Instance Savings Plan'),
  ('reservation', 'Fee', 'AmazonRDS', 'Amazon Relational Database Service', 'Databases', 'Relational Databases', 'Database Instance', 'EUC1-HeavyUsage:db.r6g.large', 'CreateDBInstance:0014', 'Hrs', 'Hours', 0, 0, 0, 'Sign up charge for subscription, db.r6g.large'),
  ('ec2_plan_upfront', 'SavingsPlanUpfrontFee', 'ComputeSavingsPlans', 'Savings Plans for AWS Compute usage', 'Compute', 'Other (Compute)', NULL, 'EUC1-EC2SP:m5.1yrPartialUpfront', 'Commitment', 'Hrs', 'Hours', 0, 0, 2, 'Upfront fee, 1 year Partial Upfront EC2 Instance Savings Plan')
) t(entry_name, line_type, code, service, category, subcategory, family, usage_type, operation, unit, focus_unit, units, fee, commitment_no, description);

-- Everything that a line item can be about. The segment says how it is charged: 0 an entry, 1 reserved, 2 and 3 under a
-- Savings Plan, 4 at a private rate, 5 as used. The same resources, owners and tags occur in every month.
CREATE TABLE thing AS
SELECT *, rate::VARCHAR AS rate_text, IF(code LIKE '%marketplace', 'AWS Marketplace', 'AWS') AS seller,
  CASE WHEN instance_type LIKE '%.medium' THEN 2 WHEN instance_type LIKE '%.large' THEN 4 WHEN instance_type LIKE '%.xlarge' THEN 8 WHEN instance_type LIKE '%.2xlarge' THEN 16 END AS factor,
  ['acme-platform', 'acme-data', 'acme-web', 'acme-ops', 'acme-lab'][1 + account_no % 5] || IF(account_no < 5, '', concat('-', account_no // 5 + 1)) AS account_name,
  concat(sku, IF(commitment_no = 0, '.38NPMPTW36.6YS6EN2CT7', '.JRTCKXETXF.6YS6EN2CT7')) AS rate_code, (18000000000 + hash(sku) % 1000000000)::VARCHAR AS rate_id,
  CASE WHEN entry_name IS NOT NULL THEN entry_description WHEN segment = 1 THEN concat(instance_type, ' reserved instance applied')
    ELSE concat('$$', rate, ' per ', unit, ' of ', bare_usage_type, ' in ', location) END AS description, concat('Root:', account) AS creator
FROM (WITH slot AS (
  SELECT row_number() OVER (ORDER BY copy, sku_no) - 1 AS slot_no, sku_no FROM sku, UNNEST(range(slots)) c(copy)
), owned AS (
  SELECT 5 AS segment, n, slot.sku_no FROM range($resources) r(n) JOIN slot ON slot_no = n % (SELECT count(*) FROM slot)
  UNION ALL SELECT 1, n, sku_no FROM range($ri_instances) r(n) JOIN sku ON usage_type = 'InstanceUsage:db.r6g.large'
  UNION ALL SELECT 2, n, sku_no FROM range($sp_instances) r(n) JOIN sku ON usage_type = 'BoxUsage:m6i.xlarge'
  UNION ALL SELECT 3, n, sku_no FROM range($ec2_sp_instances) r(n) JOIN sku ON usage_type = 'BoxUsage:m5.large'
  UNION ALL SELECT 4, n, sku_no FROM range($distributions) r(n) JOIN sku ON code = 'AmazonCloudFront'
), placed AS (
  SELECT *, n * 8 + segment AS thing_key, segment = 5 AND n % 25 = 7 AS is_hostile,
    IF(segment IN (1, 2, 3), 0, [0, 0, 1, 2][1 + draw(n * 8 + segment, 1, 4)]) AS region_no,
    (n + n // 5 + n // 60) % $accounts AS account_no, substr(md5(concat(n * 8 + segment, '/', $company)), 1, 16) AS hex,
    ['api', 'web', 'etl', 'search', 'billing', 'reports', 'mobile', 'batch'][1 + draw(n * 8 + segment, 2, 8)] AS word,
    ['platform', 'data', 'web', 'ops'][1 + draw(n * 8 + segment, 3, 4)] AS drawn_team, draw(n * 8 + segment, 4, 16) = 0 AS untagged
  FROM owned JOIN sku USING (sku_no)
), named AS (
  SELECT *, concat('1000000000', lpad(account_no::VARCHAR, 2, '0')) AS account, [rate0, rate1, rate2][1 + region_no]::DECIMAL(12, 10) AS rate,
    -- Spot instances have the public price of those on demand.
    IF(usage_type LIKE 'SpotUsage:r6i.2xlarge', [0.608, 0.564, 0.504][1 + region_no]::DECIMAL(12, 10), NULL) AS public_rate
  FROM placed JOIN region USING (region_no)
)
SELECT segment, n, account_no, account, code, service, category, subcategory, family, prefix || usage_type AS usage_type, usage_type AS bare_usage_type,
  operation, unit, focus_unit, rate, COALESCE(public_rate, rate) AS public_rate, region, location, instance_type, vcpu, memory,
  replace(replace(replace(replace(arn, '{r}', region), '{a}', account), '{w}', word), '{n}', hex) AS resource_id,
  IF(untagged, NULL, concat(word, '-', n)) AS name, is_hostile, IF(is_hostile, 'qa', IF(untagged, NULL, drawn_team)) AS team,
  IF(n % 23 = 4 AND NOT untagged, upper(drawn_team[1]) || drawn_team[2:], NULL) AS big_team,
  upper(substr(md5(concat(code, usage_type, region)), 1, 16)) AS sku, is_hostile OR code = 'AWSLambda' AS exact,
  -- Half of the instances run all day, others follow the load. Storage, traffic and requests differ from resource to resource.
  CASE WHEN segment IN (1, 2, 3) OR unit = 'Hrs' AND (n % 2 = 0 OR instance_type IS NULL) THEN 0 WHEN instance_type IS NOT NULL THEN 1 WHEN unit IN ('GB', 'GB-Mo', 'Lambda-GB-Second') THEN 2 ELSE 3 END AS shape,
  IF(unit = 'Hrs', 24, size * (0.25 + draw(thing_key, 5, 1500) * 0.001))::DOUBLE AS size,
  code = 'AmazonCloudWatch' AND n = (SELECT min(slot_no) FROM slot JOIN sku USING (sku_no) WHERE code = 'AmazonCloudWatch') AS spikes,
  CASE segment WHEN 1 THEN 0 WHEN 2 THEN 1 WHEN 3 THEN 2 ELSE -1 END AS commitment_no,
  CASE segment WHEN 1 THEN 'DiscountedUsage' WHEN 2 THEN 'SavingsPlanCoveredUsage' WHEN 3 THEN 'SavingsPlanCoveredUsage' ELSE 'Usage' END AS line_type,
  NULL::VARCHAR AS entry_description, NULL::VARCHAR AS entry_name
FROM named
UNION ALL
SELECT 0, wanted.n, 0, '100000000000', code, service, category, subcategory, family, usage_type, usage_type, operation, unit, focus_unit,
  CASE WHEN entry_name IN ('instalment', 'plan', 'ec2_plan') THEN hourly WHEN entry_name IN ('reservation', 'ec2_plan_upfront') THEN upfront ELSE fee END::DECIMAL(18, 10), NULL,
  IF(commitment_no IN (0, 2), 'eu-central-1', NULL), IF(commitment_no IN (0, 2), 'EU (Frankfurt)', NULL), IF(commitment_no = 0, 'db.r6g.large', NULL), NULL, NULL, NULL,
  NULL, false, NULL, NULL, IF(line_type IN ('Tax', 'Credit'), NULL, upper(substr(md5(concat(code, usage_type, entry_name)), 1, 16))), entry_name = 'rounding', 0,
  CASE WHEN entry_name IN ('instalment', 'plan', 'ec2_plan') THEN granted WHEN entry_name IN ('reservation', 'ec2_plan_upfront') THEN 1 ELSE units END::DOUBLE, false,
  commitment_no, line_type, description, entry_name
FROM entry JOIN (VALUES $entries) wanted(n, entry_name) USING (entry_name) LEFT JOIN commitment USING (commitment_no));

-- The days of the month; -1 is the whole month, and -2 the day before it: some records come late.
CREATE TABLE day AS
SELECT day_no, strftime(start, '%Y-%m-%dT%H:%M:%SZ') AS started, strftime(ending, '%Y-%m-%dT%H:%M:%SZ') AS ended
FROM (SELECT day_no, TIMESTAMP '$start' + INTERVAL 1 DAY * CASE day_no WHEN -1 THEN 0 WHEN -2 THEN -1 ELSE day_no END AS start,
        start + INTERVAL 1 DAY * IF(day_no = -1, $days, 1) AS ending FROM range(-2, $days) r(day_no));
