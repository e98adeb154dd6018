variable "allowed_ips" {
  description = "Public IPv4 addresses and ranges that may reach the storage account: those of Storage Transfer, and yours. Default: all. Who may read is decided by roles in either case."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for range in var.allowed_ips : can(cidrhost(strcontains(range, "/") ? range : "${range}/32", 0)) && !strcontains(range, ":") && !can(regex("/3[12]$", range))])
    error_message = "An entry of allowed_ips is not a public IPv4 address or range: write addresses like 203.0.113.7 and ranges like 203.0.113.0/24. Azure does not accept /31 and /32."
  }
  validation {
    condition     = length(var.allowed_ips) == 0 || var.managed_identity
    error_message = "allowed_ips needs managed_identity = true: without an identity, Azure cannot write an export through the firewall of an account."
  }
}

variable "application" {
  description = "An existing application with a federated credential for Storage Transfer, if you may not create one. Default: a new application."
  type = object({
    client_id    = string # application (client) id, a GUID
    principal_id = string # object id of its service principal (enterprise application), a GUID
  })
  default = null

  validation {
    condition     = alltrue([for id in try(values(var.application), []) : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "An id in application is not a GUID: use the application (client) id, and the object id of the enterprise application of the same name."
  }
}

variable "container" {
  description = "Name of the container for the exports. This root creates it."
  type        = string
  default     = "exports"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9])+$", var.container)) && length(var.container) >= 3 && length(var.container) <= 63
    error_message = "container is not a container name: use 3 to 63 lower case letters, digits and single hyphens."
  }
}

variable "create_resource_group" {
  description = "Whether to create the resource group. With false it must exist."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_storage_account" {
  description = "Whether to create the storage account. With false it must exist in the resource group, and keeps its own settings and lifecycle."
  type        = bool
  default     = true
  nullable    = false
}

variable "exports" {
  description = "Cost exports, one entry per export. The key becomes the key of the source on the Google side."
  type = map(object({
    type        = optional(string, "focus")      # focus, actual or amortized
    file_format = optional(string, "parquet")    # parquet, or csv: gzip CSV
    delivery    = optional(string, "create_new") # create_new keeps each delivery; overwrite keeps the newest
    name        = optional(string)               # default: billing- and the key
    prefix      = optional(string)               # directory in the container; default: exports/ and the key
    scope       = optional(string)               # whose costs; default: the subscription
    version     = optional(string)               # dataset version; default: 1.2-preview for focus, else 2021-10-01
    events      = optional(bool, false)          # a queue of new blobs; else a transfer every hour
  }))
  default  = { focus = {} }
  nullable = false

  validation {
    condition     = length(var.exports) > 0
    error_message = "exports is empty: write at least one entry, such as exports = { focus = {} }."
  }
  validation {
    condition     = alltrue([for key in keys(var.exports) : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", key)) && length(key) <= 30])
    error_message = "A key of exports has a wrong form: use at most 30 lower case letters, digits and single underscores, starting with a letter, such as focus."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["actual", "amortized", "focus"], export.type)])
    error_message = "A type in exports is unknown: use focus, actual or amortized."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["csv", "parquet"], export.file_format)])
    error_message = "A file_format in exports is unknown: use parquet or csv."
  }
  validation {
    condition     = alltrue([for export in var.exports : contains(["create_new", "overwrite"], export.delivery)])
    error_message = "A delivery in exports is unknown: use create_new or overwrite."
  }
  validation {
    condition     = alltrue([for export in var.exports : can(regex("^[0-9A-Za-z_-]{3,64}$", coalesce(export.name, "xxx")))])
    error_message = "A name in exports has a wrong form: use 3 to 64 letters, digits, _ and -."
  }
  validation {
    condition     = length(distinct([for key, export in var.exports : lower(coalesce(export.name, "billing-${replace(key, "_", "-")}"))])) == length(var.exports)
    error_message = "Two exports have one name: give each its own name."
  }
  validation {
    condition     = alltrue([for export in var.exports : can(regex("^[0-9A-Za-z_.-]+(/[0-9A-Za-z_.-]+)*$", coalesce(export.prefix, "x"))) && length(coalesce(export.prefix, "x")) <= 200])
    error_message = "A prefix in exports has a wrong form: write it like exports/azure, without '/' at the start and at the end, with at most 200 letters, digits and _ . -."
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
    condition     = alltrue([for export in var.exports : !strcontains(lower(coalesce(export.scope, "x")), "/managementgroups/")])
    error_message = "A scope in exports is a management group, which has no FOCUS exports: use the billing account or billing profile above it, or one export per subscription."
  }
  validation {
    condition = alltrue([
      for export in var.exports : export.scope == null || strcontains(lower(coalesce(export.scope, "x")), "/managementgroups/") || can(regex(join("", [
        "^(/subscriptions/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(/resourceGroups/[^/\\s]+)?",
        "|/providers/Microsoft.Billing/billingAccounts/[^/\\s]+(/(departments|enrollmentAccounts|customers)/[^/\\s]+|/billingProfiles/[^/\\s]+(/invoiceSections/[^/\\s]+)?)?)$",
      ]), coalesce(export.scope, "x")))
    ])
    error_message = "A scope in exports has a wrong form: write it like /subscriptions/ID, /subscriptions/ID/resourceGroups/NAME, /providers/Microsoft.Billing/billingAccounts/ID or /providers/Microsoft.Billing/billingAccounts/ID/billingProfiles/ID, in the letter case that Azure shows."
  }
  validation {
    condition     = alltrue([for export in var.exports : export.type != "focus" || contains(["1.0", "1.0r2", "1.2", "1.2-preview"], coalesce(export.version, "1.2-preview"))])
    error_message = "A version in exports of a FOCUS export is unknown: use 1.2-preview, 1.2, 1.0r2 or 1.0."
  }
  validation {
    condition     = alltrue([for export in var.exports : export.type == "focus" || can(regex("^20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?$", coalesce(export.version, "2021-10-01")))])
    error_message = "A version in exports of an actual or amortized export is not a date: use one like 2021-10-01, or remove it."
  }
}

variable "google_subject_id" {
  description = "subjectId of Storage Transfer's account in your Google Cloud project, in quotes. The application trusts this account only."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{10,30}$", var.google_subject_id))
    error_message = "google_subject_id is not a subject id: use the digits of subjectId, in quotes, that storagetransfer.googleapis.com/v1/googleServiceAccounts/PROJECT answers."
  }
}

variable "location" {
  description = "Region of the resource group and the storage account."
  type        = string
  default     = "westeurope"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.location))
    error_message = "location is not a region of Azure: write it like westeurope or eastus2, without spaces."
  }
  validation {
    condition     = !can(regex("^(china|usgov|usdod)", var.location))
    error_message = "location is in Azure China or Azure Government, which Storage Transfer does not read: use a region of public Azure."
  }
}

variable "managed_identity" {
  description = "Whether each export writes with its own identity, and the account has no shared keys. Run the apply as a user with the role Owner on the account then, because Azure gives the identity its role in your name."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition = !var.managed_identity || alltrue([
      for export in var.exports : startswith(coalesce(export.scope, "/subscriptions/"), "/subscriptions/")
    ])
    error_message = "managed_identity is only for the scopes subscription and resource group: Azure refuses runs of such an export of a billing account. Set managed_identity = false, or change the scope in exports."
  }
}

variable "register_providers" {
  description = "Whether to register the resource providers of the subscription that exports need. Set it to false if you may not, and ask for it."
  type        = bool
  default     = true
  nullable    = false
}

variable "resource_group" {
  description = "Name of the resource group for the storage account."
  type        = string
  default     = "billing-exports"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-Za-z_().-]{0,89}[0-9A-Za-z_()-]$", var.resource_group))
    error_message = "resource_group has a wrong form: use 1 to 90 letters, digits and _ ( ) . -, without a full stop at the end."
  }
}

variable "retention_days" {
  description = "Days after which Azure deletes a delivered file, at least 90. The copies at Google stay. Null keeps every file: create_new writes the month again every day."
  type        = number
  default     = 400

  validation {
    condition     = var.retention_days == null ? true : var.retention_days >= 90 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days is less than 90 or not a whole number: Azure still changes months that ended weeks ago, so use at least 90, or null."
  }
}

variable "storage_account" {
  description = "Name of the storage account. All of Azure has one account of a name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.storage_account))
    error_message = "storage_account is not an account name: use 3 to 24 lower case letters and digits, without https:// and .blob.core.windows.net."
  }
}

variable "subscription_id" {
  description = "Id of the subscription of the storage account. It is also the scope of the exports that name none."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id is not a GUID: use the id that `az account show --query id` prints."
  }
}

variable "tags" {
  description = "Tags of all resources that can have tags."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 50 && alltrue([for name, value in var.tags : length(name) >= 1 && length(name) <= 128 && length(value) <= 256 && !can(regex("[<>%&?/\\\\]", name))])
    error_message = "A tag has a wrong form: use at most 50, with names of 1 to 128 characters without < > % & \\ ? /, and values of at most 256."
  }
}
