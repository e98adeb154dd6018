variable "aws_sources" {
  description = "AWS Cost and Usage Reports by a key of your own: S3 bucket and path, report name, credentials by reference, schedule in hours or SQS queue, and where the months land."
  type = map(object({
    bucket             = string                             # S3 bucket that AWS delivers the report to
    path               = string                             # path in it, ends in '/'; Storage Transfer strips it
    export_name        = string                             # the report's name
    format             = optional(string, "aws_cur_v1_csv") # what the report contains
    role_arn           = optional(string)                   # role that Storage Transfer assumes, keyless
    credentials_secret = optional(string)                   # or a secret: projects/NUMBER/secrets/NAME
    schedule_hours     = optional(number, 1)                # hours between two transfers
    event_stream       = optional(string)                   # or the SQS queue's ARN: transfers as objects arrive
    dataset_id         = optional(string)                   # default: the prefix
    table_name         = optional(string)                   # default: aws_<key>
    settle_hours       = optional(number, 3)                # overwrite delivery: stillness that counts as complete
    type_overrides     = optional(map(string), {})          # source column to BigQuery type
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.aws_sources) : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", key)) && length(key) <= 30])
    error_message = "Keys of aws_sources must be lower case letters, digits and single underscores, beginning with a letter, at most 30 long, such as cur."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", source.bucket))])
    error_message = "bucket in aws_sources must be an S3 bucket's name alone, without s3:// and without a path."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.path == "" || (endswith(source.path, "/") && !startswith(source.path, "/") && !can(regex("[*]|://", source.path)))])
    error_message = "path in aws_sources must end in '/' and not begin with it, without wildcards and addresses, such as exports/aws/; '' means the whole bucket."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[^/\\s]+$", source.export_name))])
    error_message = "export_name in aws_sources must be the report's name as AWS shows it: not empty, without '/' or spaces."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : contains(local._formats_of.aws, source.format)])
    error_message = "format in aws_sources must be one of ${join(", ", local._formats_of.aws)}."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : (source.role_arn == null) != (source.credentials_secret == null)])
    error_message = "Each of aws_sources needs exactly one of role_arn (keyless, recommended) and credentials_secret."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.role_arn == null || can(regex("^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[^\\s]+$", source.role_arn))])
    error_message = "role_arn in aws_sources must be a role's ARN, such as arn:aws:iam::123456789012:role/billing-transfer."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.credentials_secret == null || can(regex("^projects/[0-9]+/secrets/[A-Za-z0-9_-]+$", source.credentials_secret))])
    error_message = "credentials_secret in aws_sources must be projects/NUMBER/secrets/NAME with the project's number and no version: gcloud secrets describe NAME --format='value(name)' prints it."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.schedule_hours >= 1 && source.schedule_hours <= 24 && floor(source.schedule_hours) == source.schedule_hours])
    error_message = "schedule_hours in aws_sources must be a whole number from 1 to 24: Storage Transfer repeats at most once an hour."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.event_stream == null || can(regex("^arn:aws(-cn|-us-gov)?:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$", source.event_stream))])
    error_message = "event_stream in aws_sources must be a standard SQS queue's ARN, such as arn:aws:sqs:eu-west-1:123456789012:billing (S3 does not notify FIFO queues)."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.dataset_id, "x")))])
    error_message = "dataset_id in aws_sources must be lower case letters, digits and single underscores, beginning with a letter: dlt would rename any other."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.table_name, "x"))) && source.table_name != "billing_status"])
    error_message = "table_name in aws_sources must be lower case letters, digits and single underscores, beginning with a letter, and not billing_status, which is a view."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.settle_hours >= 0 && source.settle_hours <= 168])
    error_message = "settle_hours in aws_sources must be from 0 to 168."
  }
  validation {
    condition = alltrue(flatten([
      for source in var.aws_sources : [
        for type in values(source.type_overrides) : contains(
          ["BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "FLOAT", "INTEGER", "JSON", "NUMERIC", "STRING", "TIMESTAMP"], type
        )
      ]
    ]))
    error_message = "type_overrides in aws_sources must name BigQuery types: BIGNUMERIC, BOOLEAN, DATE, DATETIME, FLOAT, INTEGER, JSON, NUMERIC, STRING or TIMESTAMP."
  }
  validation {
    condition = alltrue(flatten([
      for one, source in var.aws_sources : [
        for two, other in var.aws_sources : one == two || source.bucket != other.bucket || !startswith(other.path, source.path)
      ]
    ]))
    error_message = "Two of aws_sources with one bucket have overlapping paths: one path must not begin with the other, or each file is copied and loaded twice."
  }
}
