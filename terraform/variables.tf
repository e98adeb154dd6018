variable "bigquery_location" {
  description = "Location of the datasets, tables and landing buckets: a region such as europe-west1, or EU or US. It cannot be changed later."
  type        = string

  validation {
    condition     = can(regex("^(EU|US|[a-z]+-[a-z]+[0-9]+)$", var.bigquery_location))
    error_message = "bigquery_location is not a known location: use EU or US (upper case), or a region in lower case such as europe-west1."
  }
  validation {
    condition = (
      var.bigquery_location == "EU" ? startswith(var.region, "europe-") && !contains(["europe-west2", "europe-west6"], var.region)
      : var.bigquery_location == "US" ? startswith(var.region, "us-")
      : var.bigquery_location == var.region
    )
    error_message = "bigquery_location and region do not match: with EU use a region in the European Union (europe-..., but not europe-west2 or europe-west6), with US a us-... region, and otherwise the same region for both."
  }
}

variable "build_folder" {
  description = "Folder for the zip of the functions, relative to the working directory. Terraform writes the zip during plan. Git ignores the default."
  type        = string
  default     = ".terraform/build"
  nullable    = false
}

variable "deletion_protection" {
  description = "Protects tables, and datasets and buckets that hold data, from being destroyed. Set it to false and apply before terraform destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "build_worker_pool" {
  description = "Private pool of Cloud Build that builds the functions, as projects/P/locations/L/workerPools/W. Default: the pool that Google shares."
  type        = string
  default     = null

  validation {
    condition     = var.build_worker_pool == null || can(regex("^projects/[^/]+/locations/[^/]+/workerPools/[^/]+$", var.build_worker_pool))
    error_message = "build_worker_pool has a wrong form: write it like projects/P/locations/europe-west1/workerPools/W."
  }
  validation {
    condition     = var.build_worker_pool == null || try(split("/", var.build_worker_pool)[3], "") == var.region
    error_message = "build_worker_pool is not in the region of the functions: use a pool in region."
  }
}

variable "existing" {
  description = "What exists already and is used instead of something new. It gets the grants that the system needs, and no other change."
  type = object({
    bookkeeping_bucket = optional(string)          # bucket for leases and source code, in bigquery_location
    datasets           = optional(set(string), []) # ids of datasets, in bigquery_location
    landing_buckets    = optional(map(string), {}) # buckets by provider (aws, azure), in bigquery_location
    repository         = optional(string)          # Docker repository in region, as projects/P/locations/L/repositories/R
    service_accounts   = optional(map(string), {}) # e-mail addresses by task: build, loader, scheduler, trigger
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.existing.landing_buckets), keys(local._formats_of))) == 0
    error_message = "A key of existing.landing_buckets is no provider: use ${join(" or ", keys(local._formats_of))}."
  }
  validation {
    condition     = length(setsubtract(keys(var.existing.service_accounts), ["build", "loader", "scheduler", "trigger"])) == 0
    error_message = "A key of existing.service_accounts is no task: use build, loader, scheduler or trigger."
  }
  validation {
    condition     = alltrue([for email in values(var.existing.service_accounts) : endswith(email, "@${var.project_id}.iam.gserviceaccount.com")])
    error_message = "An account in existing.service_accounts is not of this project: use accounts like NAME@${var.project_id}.iam.gserviceaccount.com, because functions run only as accounts of their project."
  }
  validation {
    condition     = var.existing.repository == null || can(regex("^projects/[^/]+/locations/${var.region}/repositories/[^/]+$", var.existing.repository))
    error_message = "existing.repository has a wrong form or is in another region: write it like projects/P/locations/${var.region}/repositories/R."
  }
  validation {
    condition     = !contains(values(var.existing.landing_buckets), coalesce(var.existing.bookkeeping_bucket, "/")) && length(distinct(values(var.existing.landing_buckets))) == length(var.existing.landing_buckets)
    error_message = "existing names a bucket twice: use one bucket for each provider, and another for the bookkeeping."
  }
}

variable "focus_dataset" {
  description = "Dataset of focus_costs, the view over all sources. Its readers need no grant on the tables. Default: the prefix with _ for -, then _focus."
  type        = string
  default     = null

  validation {
    condition     = var.focus_dataset == null || can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", var.focus_dataset))
    error_message = "focus_dataset has a wrong form: use lower case letters, digits and single underscores, starting with a letter, such as billing_focus."
  }
  validation {
    condition     = !contains([for source in concat(values(var.aws_sources), values(var.azure_sources)) : coalesce(source.dataset_id, replace(var.prefix, "-", "_"))], coalesce(var.focus_dataset, "${replace(var.prefix, "-", "_")}_focus"))
    error_message = "focus_dataset is also the dataset of a source: choose another name. Readers of the view could otherwise read the tables."
  }
}

variable "freshness_hours" {
  description = "Hours without a new load of a source after which the freshness alert fires, 3 to 168. AWS and Azure deliver at least once a day."
  type        = number
  default     = 36
  nullable    = false

  validation {
    condition     = var.freshness_hours >= 3 && var.freshness_hours <= 168
    error_message = "freshness_hours is out of range: use 3 to 168. The sweep reports the age once an hour, and the metric ends at one week."
  }
}

variable "functions_kms_key" {
  description = "Cloud KMS key for the functions and their images, in region, as projects/P/locations/L/keyRings/R/cryptoKeys/K. Default: keys that Google manages."
  type        = string
  default     = null

  validation {
    condition     = var.functions_kms_key == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.functions_kms_key))
    error_message = "functions_kms_key has a wrong form or is in another region: write it like projects/P/locations/${var.region}/keyRings/R/cryptoKeys/K, without a version."
  }
}

variable "google_billing_export" {
  description = "Table of Google Cloud's own billing export, as project.dataset.table. focus_costs includes it. It must be in bigquery_location."
  type        = string
  default     = null

  validation {
    condition     = var.google_billing_export == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]\\.[A-Za-z0-9_]+\\.[A-Za-z0-9_]+$", var.google_billing_export))
    error_message = "google_billing_export has a wrong form: write it like project.dataset.gcp_billing_export_v1_0123AB_CDEF01_234567."
  }
}

variable "impersonate_service_account" {
  description = "E-mail address of the service account as which Terraform applies. You need roles/iam.serviceAccountTokenCreator on it. Default: your own account."
  type        = string
  default     = null

  validation {
    condition     = var.impersonate_service_account == null || can(regex("^[a-z0-9-]+@[a-z0-9.:-]+\\.gserviceaccount\\.com$", var.impersonate_service_account))
    error_message = "impersonate_service_account is no service account: write it like terraform@acme-billing.iam.gserviceaccount.com."
  }
}

variable "ingress_settings" {
  description = "Who can reach the functions over the network: ALLOW_INTERNAL_ONLY, or ALLOW_INTERNAL_AND_GCLB if an organization policy demands it. Only events and the schedule can call them."
  type        = string
  default     = "ALLOW_INTERNAL_ONLY"
  nullable    = false

  validation {
    condition     = contains(["ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"], var.ingress_settings)
    error_message = "ingress_settings is unknown: use ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB. ALLOW_ALL is not possible, because nobody calls the functions from outside."
  }
}

variable "kms_key" {
  description = "Cloud KMS key for buckets and tables, as projects/P/locations/L/keyRings/R/cryptoKeys/K. Default: keys that Google manages. Decide before the first apply, because the key of a table cannot be changed."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key has a wrong form: write it like projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version."
  }
  validation {
    condition     = var.kms_key == null || try(split("/", var.kms_key)[3], "") == (var.bigquery_location == "EU" ? "europe" : lower(var.bigquery_location))
    error_message = "kms_key is not in the location of the data: use a key in the region of bigquery_location. For EU use a key in europe, for US a key in us."
  }
}

variable "labels" {
  description = "Labels for every resource whose labels can change without touching data. Tables get none."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "A key or value in labels has a wrong form: use at most 63 lower case letters, digits, _ and -. A key starts with a letter."
  }
}

variable "landing_versioning" {
  description = "Whether the landing buckets keep old versions of objects. Every refresh at the provider overwrites objects, and every old version is billed."
  type        = bool
  default     = false
  nullable    = false
}

variable "network" {
  description = "VPC network of the functions, with one way into it: connector, or network and subnetwork (direct egress). Default: none, because the functions call only Google's APIs."
  type = object({
    connector   = optional(string)       # Serverless VPC Access connector, as projects/P/locations/L/connectors/C
    network     = optional(string)       # network for direct egress, as projects/P/global/networks/N
    subnetwork  = optional(string)       # subnetwork for direct egress, as projects/P/regions/R/subnetworks/S
    tags        = optional(list(string)) # network tags for direct egress
    all_traffic = optional(bool, false)  # send all traffic through the network, not only that to private addresses
  })
  default = null

  validation {
    condition     = var.network == null || (try(var.network.connector, null) != null) != (try(var.network.network, null) != null || try(var.network.subnetwork, null) != null)
    error_message = "network has no way into a network, or two: set connector, or network or subnetwork."
  }
  validation {
    condition     = try(var.network.connector, null) == null || can(regex("^projects/[^/]+/locations/[^/]+/connectors/[^/]+$", var.network.connector))
    error_message = "network.connector has a wrong form: write it like projects/P/locations/europe-west1/connectors/C."
  }
  validation {
    condition     = try(var.network.subnetwork, null) == null || can(regex("^projects/[^/]+/regions/[^/]+/subnetworks/[^/]+$", var.network.subnetwork))
    error_message = "network.subnetwork has a wrong form: write it like projects/P/regions/europe-west1/subnetworks/S."
  }
  validation {
    condition     = try(var.network.network, null) == null || can(regex("^projects/[^/]+/global/networks/[^/]+$", var.network.network))
    error_message = "network.network has a wrong form: write it like projects/P/global/networks/N."
  }
}

variable "notification_emails" {
  description = "E-mail addresses that receive the alerts. Without one, alerts only open incidents."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.notification_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "notification_emails contains something that is not an e-mail address: write addresses like finops@example.com."
  }
}

variable "prefix" {
  description = "Start of every resource name, 2 to 18 characters. The default dataset has the same name, with _ for -."
  type        = string
  default     = "billing"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.prefix)) && length(var.prefix) >= 2 && length(var.prefix) <= 18
    error_message = "prefix has a wrong form: use 2 to 18 lower case letters, digits and single hyphens, starting with a letter. Bucket names have no room for more."
  }
  validation {
    condition     = !strcontains(var.prefix, "google")
    error_message = "prefix contains google: choose another. Cloud Storage allows no such bucket name."
  }
}

variable "project_id" {
  description = "Id of the Google Cloud project in which everything is created. Not the project's number."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is not a project id: use the id, such as acme-billing-prod, not the number. An id has 6 to 30 lower case letters, digits and hyphens."
  }
}

variable "project_setup" {
  description = "Whether this configuration sets the project up: it enables the APIs, and creates Google's service agents with their roles. Set it to false if another configuration does so, such as a second system in the same project."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Region of the functions, their container images and the schedule, such as europe-west1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is not a region: write it like europe-west1. A zone (europe-west1-b) or a multi-region (EU) does not work."
  }
}

variable "soft_delete_days" {
  description = "Days for which all buckets keep deleted and overwritten objects: 0 (off), or 7 to 90. Every refresh at the provider overwrites objects, and every kept copy is billed. Null does not set it: a new bucket then keeps them as the organization or Google decides, which is 7 days."
  type        = number
  default     = 0

  validation {
    condition     = var.soft_delete_days == null || try(var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90), false)
    error_message = "soft_delete_days is out of range: use 0 (off), 7 to 90, or null. Cloud Storage accepts no other value."
  }
}

variable "strip_basic_roles" {
  description = "Whether the project's editors and viewers lose the read access that Google gives them on every new dataset and bucket. On datasets, it acts only when a dataset is created."
  type        = bool
  default     = true
  nullable    = false
}
