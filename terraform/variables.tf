variable "bigquery_location" {
  description = "Location of datasets, tables and landing buckets: a region such as europe-west1, or EU or US. It cannot be changed later."
  type        = string

  validation {
    condition     = can(regex("^(EU|US|[a-z]+-[a-z]+[0-9]+)$", var.bigquery_location))
    error_message = "bigquery_location must be EU, US (upper case), or a region in lower case such as europe-west1."
  }
  validation {
    condition = (
      var.bigquery_location == "EU" ? startswith(var.region, "europe-") && !contains(["europe-west2", "europe-west6"], var.region)
      : var.bigquery_location == "US" ? startswith(var.region, "us-")
      : var.bigquery_location == var.region
    )
    error_message = "bigquery_location and region must go together: EU with a region of the European Union (europe-..., not europe-west2 or europe-west6), US with a us-... region, and a single region with itself."
  }
}

variable "build_folder" {
  description = "Folder in which the zip of the functions is written during plan, relative to the working directory; git ignores the default."
  type        = string
  default     = ".terraform/build"
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether tables, datasets and buckets that hold data refuse to be destroyed; set it to false and apply before terraform destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "focus_dataset" {
  description = "Dataset of the view over all sources, focus_costs; readers of it need no grant on the tables. By default the prefix (with _ for -) and _focus."
  type        = string
  default     = null

  validation {
    condition     = var.focus_dataset == null || can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.focus_dataset))
    error_message = "focus_dataset must be lower case letters, digits and single underscores, beginning with a letter, such as billing_focus."
  }
  validation {
    condition     = !contains([for source in concat(values(var.aws_sources), values(var.azure_sources)) : coalesce(source.dataset_id, replace(var.prefix, "-", "_"))], coalesce(var.focus_dataset, "${replace(var.prefix, "-", "_")}_focus"))
    error_message = "focus_dataset must not be the dataset of a source: who may read it would read the source's tables."
  }
}

variable "freshness_hours" {
  description = "Hours without a load of a source after which the freshness alert fires; AWS and Azure deliver at least once a day."
  type        = number
  default     = 36
  nullable    = false

  validation {
    condition     = var.freshness_hours >= 3 && var.freshness_hours <= 168
    error_message = "freshness_hours must be from 3 to 168: the sweep reports ages once an hour, and the metric ends at a week."
  }
}

variable "google_billing_export" {
  description = "Table of Google Cloud's own billing export, as project.dataset.table, to be in focus_costs too; it must be in bigquery_location."
  type        = string
  default     = null

  validation {
    condition     = var.google_billing_export == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]\\.[A-Za-z0-9_]+\\.[A-Za-z0-9_]+$", var.google_billing_export))
    error_message = "google_billing_export must look like project.dataset.gcp_billing_export_v1_0123AB_CDEF01_234567."
  }
}

variable "kms_key" {
  description = "Cloud KMS key for buckets and tables, as projects/P/locations/L/keyRings/R/cryptoKeys/K; null leaves Google's keys. Decide before the first apply: a table's key cannot be changed."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must look like projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version."
  }
  validation {
    condition     = var.kms_key == null || try(split("/", var.kms_key)[3], "") == (var.bigquery_location == "EU" ? "europe" : lower(var.bigquery_location))
    error_message = "kms_key must be in the location of the data: its locations/... must be the region of bigquery_location; for EU it is europe, for US us."
  }
}

variable "labels" {
  description = "Labels of every resource that takes them and can change them without touching data (tables do not)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must have keys and values of lower case letters, digits, _ and -, at most 63 long, and keys that begin with a letter."
  }
}

variable "landing_retention" {
  description = "What landing buckets keep of overwritten objects: days of soft delete (0, or 7 to 90), and versions. Every refresh at the provider overwrites, so either one bills each copy."
  type = object({
    soft_delete_days = optional(number, 0)
    versioning       = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.landing_retention.soft_delete_days == 0 || (var.landing_retention.soft_delete_days >= 7 && var.landing_retention.soft_delete_days <= 90)
    error_message = "landing_retention.soft_delete_days must be 0 (off) or from 7 to 90: Cloud Storage takes nothing between."
  }
}

variable "notification_emails" {
  description = "E-mail addresses that alerts are sent to; without one, alerts only open incidents."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.notification_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "notification_emails must hold e-mail addresses, such as finops@example.com."
  }
}

variable "prefix" {
  description = "Beginning of every name that is made here, and the default dataset (with _ for -); 2 to 18 characters."
  type        = string
  default     = "billing"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.prefix)) && length(var.prefix) >= 2 && length(var.prefix) <= 18
    error_message = "prefix must be 2 to 18 lower case letters, digits and single hyphens, beginning with a letter: bucket names have no room for more."
  }
  validation {
    condition     = !strcontains(var.prefix, "google")
    error_message = "prefix must not contain google: Cloud Storage takes no bucket with such a name."
  }
}

variable "project_id" {
  description = "Id (not the number) of the Google Cloud project that everything is created in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the project's id, such as acme-billing-prod: 6 to 30 lower case letters, digits and hyphens, not the number."
  }
}

variable "region" {
  description = "Region of the functions, their images and the schedule, such as europe-west1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west1: neither a zone (europe-west1-b) nor a multi-region (EU)."
  }
}
