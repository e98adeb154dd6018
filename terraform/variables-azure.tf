variable "azure_sources" {
  description = "Azure Cost Management exports, one entry per export. Choose any key: it becomes part of the default table name."
  type = map(object({
    storage_account = string                                  # storage account of the export
    container       = string                                  # container of the export
    path            = string                                  # directory in it, ends in '/'; the transfer removes it
    export_name     = string                                  # name of the export
    focus_version   = optional(string)                        # dataset version of a FOCUS export
    format          = optional(string, "azure_focus_parquet") # format of the export
    federated_identity = optional(object({                    # application that trusts Storage Transfer (keyless)
      client_id = string                                      # application (client) id, a GUID
      tenant_id = string                                      # directory (tenant) id, a GUID
    }))
    credentials_secret = optional(string)          # or a secret with a SAS token, as projects/NUMBER/secrets/NAME
    schedule_hours     = optional(number, 1)       # hours between two transfers, 1 to 24
    event_stream       = optional(string)          # or a queue for new blobs: ACCOUNT.queue.core.windows.net/QUEUE
    dataset_id         = optional(string)          # default: the prefix, with _ for -
    table_name         = optional(string)          # default: azure_ and the key
    settle_hours       = optional(number, 3)       # overwrite delivery: hours without change until complete
    shrink_percent     = optional(number, 20)      # alert if a month loses more of its rows or cost; 100: never
    on_shrink          = optional(string, "alert") # hold: do not load such a delivery until you replay it
    type_overrides     = optional(map(string), {}) # BigQuery type by source column, for CSV and a new table
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.azure_sources) : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", key)) && length(key) <= 30])
    error_message = "A key of azure_sources has a wrong form: use at most 30 lower case letters, digits and single underscores, starting with a letter, such as focus."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z0-9]{3,24}$", source.storage_account))])
    error_message = "A storage_account in azure_sources is not an account name: use the name alone, 3 to 24 lower case letters and digits, without https:// and .blob.core.windows.net."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z0-9](-?[a-z0-9])+$", source.container)) && length(source.container) >= 3 && length(source.container) <= 63])
    error_message = "A container in azure_sources is not a container name: use 3 to 63 lower case letters, digits and single hyphens."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.path == "" || (endswith(source.path, "/") && !startswith(source.path, "/") && !can(regex("[*]|://", source.path)))])
    error_message = "A path in azure_sources has a wrong form: write it like exports/azure/, with '/' at the end but not at the start, and without wildcards and addresses. Use '' for the whole container."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[^/\\s*?\\[\\]#]+$", source.export_name))])
    error_message = "An export_name in azure_sources is empty or contains a space or one of / * ? [ ] #: use the name that Cost Management shows. If that name contains *, create the export again with another name, because BigQuery reads * as a wildcard."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : contains(local._formats_of.azure, source.format)])
    error_message = "A format in azure_sources is unknown: use one of ${join(", ", local._formats_of.azure)}."
  }
  validation {
    condition = alltrue([
      for source in var.azure_sources : contains(local._formats[source.format].versions, coalesce(source.focus_version, "none"))
      if try(length(local._formats[source.format].versions) > 0, false)
    ])
    error_message = "A FOCUS export in azure_sources has no focus_version, or an unknown one: use the dataset version that Cost Management shows, one of ${join(", ", distinct(flatten([for format in local._formats : format.versions])))}."
  }
  validation {
    condition = alltrue([
      for source in var.azure_sources : source.focus_version == null
      if try(length(local._formats[source.format].versions) == 0, false)
    ])
    error_message = "A source in azure_sources has a focus_version, but its format is not a FOCUS export: remove focus_version."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : (source.federated_identity == null) != (source.credentials_secret == null)])
    error_message = "A source in azure_sources has no credentials, or two: set either federated_identity (keyless, recommended) or credentials_secret."
  }
  validation {
    condition = alltrue([
      for source in var.azure_sources : source.federated_identity == null || alltrue([
        for id in try(values(source.federated_identity), []) : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))
      ])
    ])
    error_message = "A client_id or tenant_id in azure_sources is not a GUID: use the application (client) id and the directory (tenant) id of the app registration."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.credentials_secret == null || can(regex("^projects/[0-9]+/secrets/[A-Za-z0-9_-]+$", source.credentials_secret))])
    error_message = "A credentials_secret in azure_sources has a wrong form: use projects/NUMBER/secrets/NAME, with the project's number and without a version. This command prints it: gcloud secrets describe NAME --format='value(name)'."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.schedule_hours >= 1 && source.schedule_hours <= 24 && floor(source.schedule_hours) == source.schedule_hours])
    error_message = "A schedule_hours in azure_sources is out of range or not a whole number: use 1 to 24. Storage Transfer repeats a job at most once an hour."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.event_stream == null || can(regex("^[a-z0-9]{3,24}\\.queue\\.core\\.windows\\.net/[a-z0-9-]{3,63}$", source.event_stream))])
    error_message = "An event_stream in azure_sources is not a storage queue: write it like ACCOUNT.queue.core.windows.net/QUEUE, without https://."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.dataset_id, "x")))])
    error_message = "A dataset_id in azure_sources has a wrong form: use lower case letters, digits and single underscores, starting with a letter. dlt would rename any other."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.table_name, "x"))) && source.table_name != "billing_status"])
    error_message = "A table_name in azure_sources has a wrong form or is billing_status, the name of a view: use lower case letters, digits and single underscores, starting with a letter."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.settle_hours >= 0 && source.settle_hours <= 168])
    error_message = "A settle_hours in azure_sources is out of range: use 0 to 168."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.shrink_percent >= 0 && source.shrink_percent <= 100])
    error_message = "A shrink_percent in azure_sources is out of range: use 0 to 100."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : contains(["alert", "hold"], source.on_shrink)])
    error_message = "An on_shrink in azure_sources is unknown: use alert or hold."
  }
  validation {
    condition = alltrue(flatten([
      for one, source in var.azure_sources : [
        for two, other in var.azure_sources : one == two || "${source.storage_account}/${source.container}" != "${other.storage_account}/${other.container}" || !startswith(other.path, source.path)
      ]
    ]))
    error_message = "Two sources in azure_sources have overlapping paths in one container: choose paths so that none begins with another. Otherwise files are copied and loaded twice."
  }
}
