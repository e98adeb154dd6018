variable "datasets" {
  description = "Ids of the datasets for the tables."
  type        = set(string)
}

variable "deletion_protection" {
  description = "Protects tables, and datasets that hold tables, from being destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "existing" {
  description = "Ids of the datasets that exist already, in location. They get tables and the grants that the system needs, and no other change."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "focus_dataset" {
  description = "Id of the dataset for the views over all sources."
  type        = string
}

variable "google_export" {
  description = "Dataset of Google Cloud's own billing export. Null if focus_costs does not include it."
  type = object({
    dataset_id = string # id of the dataset
    project_id = string # project of the dataset
  })
  default = null
}

variable "kms_key" {
  description = "Cloud KMS key for datasets and tables, in the same location. Default: keys that Google manages."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels for the datasets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Location of the datasets. The buckets that they are loaded from must be there too."
  type        = string
}

variable "project_id" {
  description = "Id of the project for the datasets."
  type        = string
}

variable "strip_basic_roles" {
  description = "Whether new datasets give no access to the project's editors and viewers. It acts only when a dataset is created."
  type        = bool
  default     = true
  nullable    = false
}

variable "tables" {
  description = "Tables, one entry per source."
  type = map(object({
    cluster          = string                    # column that the table is clustered by
    column_types     = optional(map(string), {}) # BigQuery type by source column, if it is not that of schema
    dataset          = string                    # id of the dataset, one of datasets
    execution_column = string                    # column of the tracking table for the provider's delivery id
    partition        = string                    # column of the billing period, by which the table is partitioned
    schema           = string                    # columns as JSON, in the form of a schema of BigQuery
    table            = string                    # name of the table
  }))
}

variable "tracking_schema" {
  description = "Columns of the tracking tables as JSON, in the form of a schema of BigQuery: functions/billing/schemas/load_tracking.json of this repository. Each table has execution_column before them."
  type        = string
}
