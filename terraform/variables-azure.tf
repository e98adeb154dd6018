variable "azure_sources" {
  description = "Azure Cost Management exports by a key of your own: storage account, container and path, export name and FOCUS version, credentials by reference, schedule in hours or storage queue, and where the months land."
  type = map(object({
    storage_account = string                                  # account that the export is delivered to
    container       = string                                  # container in it
    path            = string                                  # directory in the container, ends in '/'; Storage Transfer strips it
    export_name     = string                                  # the export's name
    focus_version   = optional(string)                        # of a FOCUS export, its dataset version: the table's columns
    format          = optional(string, "azure_focus_parquet") # what the export contains
    federated_identity = optional(object({                    # application that trusts Google's identity, keyless
      client_id = string
      tenant_id = string
    }))
    credentials_secret = optional(string)          # or a secret with a SAS token: projects/NUMBER/secrets/NAME
    schedule_hours     = optional(number, 1)       # hours between two transfers
    event_stream       = optional(string)          # or ACCOUNT.queue.core.windows.net/QUEUE: transfers as blobs arrive
    dataset_id         = optional(string)          # default: the prefix
    table_name         = optional(string)          # default: azure_<key>
    settle_hours       = optional(number, 3)       # overwrite delivery: stillness that counts as complete
    type_overrides     = optional(map(string), {}) # source column to BigQuery type
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.azure_sources) : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", key)) && length(key) <= 30])
    error_message = "Keys of azure_sources must be lower case letters, digits and single underscores, beginning with a letter, at most 30 long, such as focus."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z0-9]{3,24}$", source.storage_account))])
    error_message = "storage_account in azure_sources must be the account's name alone: 3 to 24 lower case letters and digits, without https:// and .blob.core.windows.net."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z0-9](-?[a-z0-9])+$", source.container)) && length(source.container) >= 3 && length(source.container) <= 63])
    error_message = "container in azure_sources must be a container's name: 3 to 63 lower case letters, digits and single hyphens."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.path == "" || (endswith(source.path, "/") && !startswith(source.path, "/") && !can(regex("[*]|://", source.path)))])
    error_message = "path in azure_sources must end in '/' and not begin with it, without wildcards and addresses, such as exports/azure/; '' means the whole container."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[^/\\s]+$", source.export_name))])
    error_message = "export_name in azure_sources must be the export's name as Cost Management shows it: not empty, without '/' or spaces."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : contains(local._formats_of.azure, source.format)])
    error_message = "format in azure_sources must be one of ${join(", ", local._formats_of.azure)}."
  }
  validation {
    condition = alltrue([
      for source in var.azure_sources : contains(local._formats[source.format].versions, coalesce(source.focus_version, "none"))
      if try(length(local._formats[source.format].versions) > 0, false)
    ])
    error_message = "focus_version in azure_sources must be one of ${join(", ", distinct(flatten([for format in local._formats : format.versions])))} for a FOCUS export: the dataset version that Cost Management shows."
  }
  validation {
    condition = alltrue([
      for source in var.azure_sources : source.focus_version == null
      if try(length(local._formats[source.format].versions) == 0, false)
    ])
    error_message = "focus_version in azure_sources is for FOCUS exports only: leave it out."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : (source.federated_identity == null) != (source.credentials_secret == null)])
    error_message = "Each of azure_sources needs exactly one of federated_identity (keyless, recommended) and credentials_secret."
  }
  validation {
    condition = alltrue([
      for source in var.azure_sources : source.federated_identity == null || alltrue([
        for id in try(values(source.federated_identity), []) : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))
      ])
    ])
    error_message = "client_id and tenant_id in azure_sources must be GUIDs: the application (client) id and the directory (tenant) id of the app registration."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.credentials_secret == null || can(regex("^projects/[0-9]+/secrets/[A-Za-z0-9_-]+$", source.credentials_secret))])
    error_message = "credentials_secret in azure_sources must be projects/NUMBER/secrets/NAME with the project's number and no version: gcloud secrets describe NAME --format='value(name)' prints it."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.schedule_hours >= 1 && source.schedule_hours <= 24 && floor(source.schedule_hours) == source.schedule_hours])
    error_message = "schedule_hours in azure_sources must be a whole number from 1 to 24: Storage Transfer repeats at most once an hour."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.event_stream == null || can(regex("^[a-z0-9]{3,24}\\.queue\\.core\\.windows\\.net/[a-z0-9-]{3,63}$", source.event_stream))])
    error_message = "event_stream in azure_sources must be a storage queue as ACCOUNT.queue.core.windows.net/QUEUE, without https://."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.dataset_id, "x")))])
    error_message = "dataset_id in azure_sources must be lower case letters, digits and single underscores, beginning with a letter: dlt would rename any other."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : can(regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", coalesce(source.table_name, "x"))) && source.table_name != "billing_status"])
    error_message = "table_name in azure_sources must be lower case letters, digits and single underscores, beginning with a letter, and not billing_status, which is a view."
  }
  validation {
    condition     = alltrue([for source in var.azure_sources : source.settle_hours >= 0 && source.settle_hours <= 168])
    error_message = "settle_hours in azure_sources must be from 0 to 168."
  }
  validation {
    condition = alltrue(flatten([
      for one, source in var.azure_sources : [
        for two, other in var.azure_sources : one == two || "${source.storage_account}/${source.container}" != "${other.storage_account}/${other.container}" || !startswith(other.path, source.path)
      ]
    ]))
    error_message = "Two of azure_sources with one container have overlapping paths: one path must not begin with the other, or each file is copied and loaded twice."
  }
}
