variable "account_id" {
  description = "AWS account that has the exports, 12 digits in quotes. The payer account has the costs of all accounts of its organization, a member account only its own."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is not an account: use 12 digits in quotes, as `aws sts get-caller-identity --query Account` prints them."
  }
}

variable "billing_view_arn" {
  description = "Billing view of CUR 2.0 exports, as arn:aws:billing::ACCOUNT:billingview/NAME. Default: the primary view of the account."
  type        = string
  default     = null

  validation {
    condition     = var.billing_view_arn == null || can(regex("^arn:aws:billing::[0-9]{12}:billingview/[A-Za-z0-9_+=.@-]+$", var.billing_view_arn))
    error_message = "billing_view_arn is not the ARN of a billing view: write it like arn:aws:billing::123456789012:billingview/primary, or remove it."
  }
}

variable "bucket" {
  description = "Name of the S3 bucket that AWS delivers to. All of AWS has one bucket of a name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket is not a bucket name: use 3 to 63 lower case letters, digits and hyphens, without s3:// and without a path."
  }
}

variable "create_bucket" {
  description = "Whether to create the bucket. With false it must exist in this account and region, and you add the statements of local.bucket_policy to its policy before the apply."
  type        = bool
  default     = true
  nullable    = false
}

variable "exports" {
  description = "Billing exports, one entry per export. The key becomes the key of the source on the Google side."
  type = map(object({
    kind                  = optional(string, "cur_2")      # cur_2, focus_1_2, focus_1_0 or cur_v1 (the older report)
    file_format           = optional(string, "parquet")    # parquet, or csv: gzip CSV with exact amounts
    delivery              = optional(string, "create_new") # create_new keeps each delivery; overwrite replaces files
    granularity           = optional(string, "daily")      # hourly, daily or monthly; hourly has about 20 times the rows
    name                  = optional(string)               # default: billing- and the key
    prefix                = optional(string)               # path in the bucket; default: exports/ and the key
    events                = optional(bool, false)          # a queue of new objects; else a transfer every hour
    resources             = optional(bool, true)           # ids of resources; FOCUS exports always have them
    capacity_reservations = optional(bool, true)           # cur_2: capacity reservations, which FOCUS names
    split_cost_allocation = optional(bool, false)          # cur_2, cur_v1: costs of containers; more rows
    iam_principals        = optional(bool, false)          # cur_2: who called Amazon Bedrock
    table_configuration   = optional(map(string), {})      # Data Exports: more keys of AWS's table configuration
  }))
  default  = { cur = {} }
  nullable = false

  validation {
    condition     = length(var.exports) > 0
    error_message = "exports is empty: write at least one entry, such as exports = { cur = {} }."
  }
  validation {
    condition     = alltrue([for key in keys(var.exports) : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", key)) && length(key) <= 30])
    error_message = "A key of exports has a wrong form: use at most 30 lower case letters, digits and single underscores, starting with a letter, such as cur."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["cur_2", "cur_v1", "focus_1_0", "focus_1_2"], export.kind)])
    error_message = "A kind in exports is unknown: use cur_2, focus_1_2, focus_1_0 or cur_v1."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["csv", "parquet"], export.file_format)])
    error_message = "A file_format in exports is unknown: use parquet or csv. BigQuery cannot load ZIP."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["create_new", "overwrite"], export.delivery)])
    error_message = "A delivery in exports is unknown: use create_new or overwrite."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["daily", "hourly", "monthly"], export.granularity)])
    error_message = "A granularity in exports is unknown: use daily, hourly or monthly."
  }
  validation {
    condition     = alltrue([for export in var.exports : export.granularity == "daily" || export.kind != "focus_1_0"])
    error_message = "An export of kind focus_1_0 has a granularity, but AWS offers none for it: remove it, or use focus_1_2."
  }
  validation {
    condition     = alltrue([for export in var.exports : can(regex("^[0-9A-Za-z_-]{1,128}$", coalesce(export.name, "x")))])
    error_message = "A name in exports has a wrong form: use 1 to 128 letters, digits, _ and -."
  }
  validation {
    condition     = length(distinct([for key, export in var.exports : coalesce(export.name, "billing-${replace(key, "_", "-")}")])) == length(var.exports)
    error_message = "Two exports have one name: give each its own name."
  }
  validation {
    condition     = alltrue([for export in var.exports : can(regex("^[0-9A-Za-z!_.'()-]+(/[0-9A-Za-z!_.'()-]+)*$", coalesce(export.prefix, "x"))) && length(coalesce(export.prefix, "x")) <= 200])
    error_message = "A prefix in exports has a wrong form: write it like exports/aws, without '/' at the start and at the end, with at most 200 letters, digits and ! _ . ' ( ) -."
  }
  validation {
    condition = alltrue(flatten([
      for one, export in var.exports : [
        for two, other in var.exports : one == two || !startswith("${coalesce(other.prefix, "exports/${two}")}/", "${coalesce(export.prefix, "exports/${one}")}/")
      ]
    ]))
    error_message = "Two exports have overlapping prefixes: choose prefixes so that none begins with another. Otherwise files are copied and loaded twice."
  }
  validation {
    condition     = alltrue([for export in var.exports : export.kind == "cur_2" || !export.iam_principals])
    error_message = "iam_principals in exports is only for kind cur_2: remove it from the other kinds."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["cur_2", "cur_v1"], export.kind) || (export.resources && !export.split_cost_allocation)])
    error_message = "resources = false and split_cost_allocation in exports are only for the kinds cur_2 and cur_v1: remove them from FOCUS exports."
  }
  validation {
    condition     = alltrue([for export in var.exports : export.kind != "cur_v1" || length(export.table_configuration) == 0])
    error_message = "table_configuration in exports is only for Data Exports: remove it from kind cur_v1."
  }
  validation {
    condition     = var.create_bucket || !anytrue([for export in var.exports : export.events])
    error_message = "events in exports needs a bucket that this root creates, because S3 has one set of notifications per bucket: set create_bucket = true with a new bucket, or remove events."
  }
}

variable "force_destroy" {
  description = "Whether terraform destroy removes the bucket with all delivered files. Set it to true and apply before terraform destroy."
  type        = bool
  default     = false
  nullable    = false
}

variable "google_subject_id" {
  description = "subjectId of Storage Transfer's account in your Google Cloud project, in quotes. The role trusts this account only."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{10,30}$", var.google_subject_id))
    error_message = "google_subject_id is not a subject id: use the digits of subjectId, in quotes, that storagetransfer.googleapis.com/v1/googleServiceAccounts/PROJECT answers."
  }
}

variable "kms_key_arn" {
  description = "KMS key of the bucket. Its policy must let the two delivery services use it. Default: keys of S3 (SSE-S3)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9A-Za-z-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is not the ARN of a key: write it like arn:aws:kms:eu-west-1:123456789012:key/ID. An alias has no grants, so use the key itself."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role, if your account demands one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws:iam::([0-9]{12}|aws):policy/[^\\s]+$", var.permissions_boundary))
    error_message = "permissions_boundary is not the ARN of a policy: write it like arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "region" {
  description = "Region of the bucket, the queues and the provider. The exports themselves are always in us-east-1."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = !startswith(var.region, "cn-")
    error_message = "region is in China: Storage Transfer reads no buckets there. Copy the exports to a bucket elsewhere, and give the Google side that bucket with a secret."
  }
  validation {
    condition     = !startswith(var.region, "us-gov-")
    error_message = "region is in GovCloud, where AWS has no billing exports: the costs are in the exports of the linked commercial account. Create the export there, in a region such as us-east-1."
  }
  validation {
    condition     = can(regex("^(af|ap|ca|cn|eu|il|me|mx|sa|us)(-gov)?-[a-z]+-[0-9]$", var.region))
    error_message = "region is not a region of AWS: write it like us-east-1 or eu-west-1. The isolated and sovereign clouds of AWS are not supported."
  }
}

variable "retention_days" {
  description = "Days after which S3 deletes a delivered file, at least 90. The copies at Google stay. Null keeps every file: create_new writes the month again several times a day."
  type        = number
  default     = 400

  validation {
    condition     = var.retention_days == null ? true : var.retention_days >= 90 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is less than 90 or not a whole number: AWS still changes months that ended weeks ago, so use at least 90, or null."
  }
}

variable "role_name" {
  description = "Name of the role that Storage Transfer assumes. The names of the queues begin with it."
  type        = string
  default     = "billing-transfer"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.role_name))
    error_message = "role_name has a wrong form: use 1 to 48 letters, digits, _ and -."
  }
}

variable "tags" {
  description = "Tags of all resources that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, value in var.tags : length(name) >= 1 && length(name) <= 128 && length(value) <= 256 && !startswith(lower(name), "aws:")])
    error_message = "A tag has a wrong form: use names of 1 to 128 characters that do not begin with aws:, and values of at most 256."
  }
}
