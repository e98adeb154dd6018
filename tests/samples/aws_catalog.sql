-- What a line item may be about. Rates are per unit; scale is the usual size of the usage amount.
CREATE TABLE sku AS SELECT row_number() OVER () - 1 AS sku_no, * FROM (VALUES
  ('AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute Instance', 'BoxUsage:m5.large', 'RunInstances', 'Hrs', 0.0960000000, 1, 'm5.large', '2', '8 GiB'),
  ('AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute Instance', 'BoxUsage:c6g.4xlarge', 'RunInstances', 'Hrs', 0.5440000000, 1, 'c6g.4xlarge', '16', '32 GiB'),
  ('AmazonEC2', 'Amazon Elastic Compute Cloud', 'Compute Instance', 'SpotUsage:r6i.2xlarge', 'RunInstances:SV002', 'Hrs', 0.1873000000, 1, 'r6i.2xlarge', '8', '64 GiB'),
  ('AmazonEC2', 'Amazon Elastic Compute Cloud', 'Storage', 'EBS:VolumeUsage.gp3', 'CreateVolume-Gp3', 'GB-Mo', 0.0800000000, 3, NULL, NULL, NULL),
  ('AmazonEC2', 'Amazon Elastic Compute Cloud', 'NAT Gateway', 'NatGateway-Bytes', 'NatGateway', 'GB', 0.0450000000, 9, NULL, NULL, NULL),
  ('AmazonEC2', 'AWS Data Transfer', 'Data Transfer', 'DataTransfer-Out-Bytes', 'RunInstances', 'GB', 0.0900000000, 5, NULL, NULL, NULL),
  ('AmazonS3', 'Amazon Simple Storage Service', 'Storage', 'TimedStorage-ByteHrs', 'StandardStorage', 'GB-Mo', 0.0230000000, 7, NULL, NULL, NULL),
  ('AmazonS3', 'Amazon Simple Storage Service', 'API Request', 'Requests-Tier1', 'PutObject', 'Requests', 0.0000050000, 400, NULL, NULL, NULL),
  ('AmazonS3', 'Amazon Simple Storage Service', 'API Request', 'Requests-Tier2', 'GetObject', 'Requests', 0.0000004000, 900, NULL, NULL, NULL),
  ('AWSLambda', 'AWS Lambda', 'Serverless', 'Lambda-GB-Second', 'Invoke', 'Lambda-GB-Second', 0.0000166667, 600, NULL, NULL, NULL),
  ('AWSLambda', 'AWS Lambda', 'Serverless', 'Request', 'Invoke', 'Requests', 0.0000002000, 900, NULL, NULL, NULL),
  ('AmazonRDS', 'Amazon Relational Database Service', 'Database Instance', 'InstanceUsage:db.r5.xlarge', 'CreateDBInstance:0014', 'Hrs', 0.5000000000, 1, 'db.r5.xlarge', '4', '32 GiB'),
  ('AmazonDynamoDB', 'Amazon DynamoDB', 'Amazon DynamoDB PayPerRequest Throughput', 'ReadRequestUnits', 'PayPerRequestThroughput', 'ReadRequestUnits', 0.0000001250, 950, NULL, NULL, NULL),
  ('AmazonCloudFront', 'Amazon CloudFront', 'Data Transfer', 'DataTransfer-Out-Bytes', 'GET', 'GB', 0.0850000000, 4, NULL, NULL, NULL),
  ('AmazonCloudWatch', 'AmazonCloudWatch', 'Data Payload', 'DataProcessing-Bytes', 'PutLogEvents', 'GB', 0.5000000000, 1, NULL, NULL, NULL),
  ('awskms', 'AWS Key Management Service', 'API Request', 'KMS-Requests', 'Decrypt', 'Requests', 0.0000030000, 300, NULL, NULL, NULL),
  ('AWSQueueService', 'Amazon Simple Queue Service', 'API Request', 'Requests', 'Receive', 'Requests', 0.0000004000, 800, NULL, NULL, NULL),
  ('AmazonElastiCache', 'Amazon ElastiCache', 'Cache Instance', 'NodeUsage:cache.m5.large', 'CreateCacheCluster:0002', 'Hrs', 0.1560000000, 1, 'cache.m5.large', '2', '6.38 GiB'),
  ('AmazonRoute53', 'Amazon Route 53', 'DNS Query', 'DNS-Queries', 'A', 'Queries', 0.0000004000, 700, NULL, NULL, NULL),
  ('9xkq4vexample0marketplace', 'Über Observability, "Pro" plan', NULL, 'SoftwareUsage:Hosts', 'Hourly', 'Units', 0.0310000000, 2, NULL, NULL, NULL)
) t(code, service, family, usage_type, operation, unit, rate, scale, instance_type, vcpu, memory);

CREATE TABLE region AS SELECT row_number() OVER () - 1 AS region_no, * FROM (VALUES
  ('us-east-1', 'US East (N. Virginia)', ''), ('us-east-1', 'US East (N. Virginia)', ''),
  ('us-west-2', 'US West (Oregon)', 'USW2-'), ('eu-west-1', 'EU (Ireland)', 'EU-'),
  ('eu-central-1', 'EU (Frankfurt)', 'EUC1-'), ('ap-southeast-2', 'Asia Pacific (Sydney)', 'APS2-'),
  ('sa-east-1', 'South America (São Paulo)', 'SAE1-')
) t(region, location, prefix);

-- Tag values as people write them: quoted newlines, commas, doubled quotes, text beyond ASCII.
CREATE TABLE tag AS SELECT row_number() OVER () - 1 AS tag_no, * FROM (VALUES
  ('web-1', 'platform', 'Platform'), ('web-2, blue', 'platform', 'PLATFORM'), ('db "primary"', 'data', NULL),
  (E'two\nlines', 'data', 'Data'), ('Zürich – naïve 東京 🚀', 'größe', NULL), (E'crlf\r\ninside, "quoted"', NULL, 'Ops'),
  (NULL, NULL, NULL), (NULL, 'ops', NULL), (' leading and trailing ', NULL, NULL), ('''single''', 'ops', 'ops'), ('=1+1', NULL, NULL)
) t(name, team, big_team);

-- Hours of use. A few lie outside the month: late records, and fees that begin before it.
CREATE TABLE hour AS
SELECT hour_no, strftime(start, '%Y-%m-%dT%H:%M:%SZ') AS started, strftime(start + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ') AS ended
FROM (SELECT hour_no, TIMESTAMP '$start' + INTERVAL 1 HOUR * CASE hour_no WHEN 0 THEN -30 WHEN 1 THEN $hours + 6 ELSE hour_no END AS start
      FROM range($hours) r(hour_no));

CREATE MACRO draw(k, salt, n) AS (hash(k, $key, salt) % n)::BIGINT;
CREATE MACRO draw_amount(k) AS (hash(k, $amount_key) % 999999999999)::BIGINT;
