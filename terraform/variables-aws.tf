variable "aws_sources" {
  description = "AWS billing exports, one entry per export. Choose any key: it becomes part of the default table name."
  type = map(object({
    bucket             = string                             # S3 bucket that AWS delivers the export to
    path               = string                             # path in the bucket, ends in '/'; the transfer removes it
    export_name        = string                             # name of the report or Data Export, without *
    format             = optional(string, "aws_cur_v1_csv") # format of the export
    role_arn           = optional(string)                   # role that Storage Transfer assumes (keyless)
    credentials_secret = optional(string)                   # or a secret, as projects/NUMBER/secrets/NAME
    schedule_hours     = optional(number, 1)                # hours between two transfers, 1 to 24
    event_stream       = optional(string)                   # or the ARN of an SQS queue that names new objects
    dataset_id         = optional(string)                   # default: the prefix, with _ for -
    table_name         = optional(string)                   # default: aws_ and the key
    settle_hours       = optional(number, 3)                # overwrite delivery: hours without change until complete
    shrink_percent     = optional(number, 20)               # alert if a month loses more of its rows or cost; 100: never
    on_shrink          = optional(string, "alert")          # hold: do not load such a delivery until you replay it
    type_overrides     = optional(map(string), {})          # BigQuery type by source column, for CSV and a new table
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.aws_sources) : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", key)) && length(key) <= 30])
    error_message = "A key of aws_sources has a wrong form: use at most 30 lower case letters, digits and single underscores, starting with a letter, such as cur."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", source.bucket))])
    error_message = "A bucket in aws_sources is not a bucket name: use the name alone, without s3:// and without a path."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.path == "" || (endswith(source.path, "/") && !startswith(source.path, "/") && !can(regex("[*]|://", source.path)))])
    error_message = "A path in aws_sources has a wrong form: write it like exports/aws/, with '/' at the end but not at the start, and without wildcards and addresses. Use '' for the whole bucket."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[^/\\s*?\\[\\]#]+$", source.export_name))])
    error_message = "An export_name in aws_sources is empty or contains a space or one of / * ? [ ] #: use the name that the AWS console shows. If that name contains *, create the export again with another name, because BigQuery reads * as a wildcard."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : contains(local._formats_of.aws, source.format)])
    error_message = "A format in aws_sources is unknown: use one of ${join(", ", local._formats_of.aws)}."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : (source.role_arn == null) != (source.credentials_secret == null)])
    error_message = "A source in aws_sources has no credentials, or two: set either role_arn (keyless, recommended) or credentials_secret."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.role_arn == null || can(regex("^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[^\\s]+$", source.role_arn))])
    error_message = "A role_arn in aws_sources is not the ARN of a role: write it like arn:aws:iam::123456789012:role/billing-transfer."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.credentials_secret == null || can(regex("^projects/[0-9]+/secrets/[A-Za-z0-9_-]+$", source.credentials_secret))])
    error_message = "A credentials_secret in aws_sources has a wrong form: use projects/NUMBER/secrets/NAME, with the project's number and without a version. This command prints it: gcloud secrets describe NAME --format='value(name)'."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.schedule_hours >= 1 && source.schedule_hours <= 24 && floor(source.schedule_hours) == source.schedule_hours])
    error_message = "A schedule_hours in aws_sources is out of range or not a whole number: use 1 to 24. Storage Transfer repeats a job at most once an hour."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.event_stream == null || can(regex("^arn:aws(-cn|-us-gov)?:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$", source.event_stream))])
    error_message = "An event_stream in aws_sources is not the ARN of a standard SQS queue: write it like arn:aws:sqs:eu-west-1:123456789012:billing. S3 does not notify FIFO queues."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.dataset_id, "x")))])
    error_message = "A dataset_id in aws_sources has a wrong form: use lower case letters, digits and single underscores, starting with a letter. dlt would rename any other."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.table_name, "x"))) && source.table_name != "billing_status"])
    error_message = "A table_name in aws_sources has a wrong form or is billing_status, the name of a view: use lower case letters, digits and single underscores, starting with a letter."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.settle_hours >= 0 && source.settle_hours <= 168])
    error_message = "A settle_hours in aws_sources is out of range: use 0 to 168."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : source.shrink_percent >= 0 && source.shrink_percent <= 100])
    error_message = "A shrink_percent in aws_sources is out of range: use 0 to 100."
  }
  validation {
    condition     = alltrue([for source in var.aws_sources : contains(["alert", "hold"], source.on_shrink)])
    error_message = "An on_shrink in aws_sources is unknown: use alert or hold."
  }
  validation {
    condition = alltrue(flatten([
      for source in var.aws_sources : [
        for type in values(source.type_overrides) : contains(
          ["BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "FLOAT", "INTEGER", "JSON", "NUMERIC", "STRING", "TIMESTAMP"], type
        )
      ]
    ]))
    error_message = "A value in type_overrides of aws_sources is not a supported BigQuery type: use BIGNUMERIC, BOOLEAN, DATE, DATETIME, FLOAT, INTEGER, JSON, NUMERIC, STRING or TIMESTAMP."
  }
  validation {
    condition = alltrue(flatten([
      for one, source in var.aws_sources : [
        for two, other in var.aws_sources : one == two || source.bucket != other.bucket || !startswith(other.path, source.path)
      ]
    ]))
    error_message = "Two sources in aws_sources have overlapping paths in one bucket: choose paths so that none begins with another. Otherwise files are copied and loaded twice."
  }
}
