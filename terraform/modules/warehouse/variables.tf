variable "datasets" {
  description = "Ids of the datasets."
  type        = set(string)
}

variable "deletion_protection" {
  description = "Whether tables refuse to be destroyed, and datasets that still hold some."
  type        = bool
  default     = true
  nullable    = false
}

variable "focus_dataset" {
  description = "Id of the dataset of the views over all sources."
  type        = string
}

variable "google_export" {
  description = "Project and dataset of Google Cloud's own billing export, where the views read it."
  type = object({
    dataset_id = string
    project_id = string
  })
  default = null
}

variable "kms_key" {
  description = "Cloud KMS key of datasets and tables, in their location; null leaves Google's keys."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of the datasets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Location of the datasets: that of the buckets they are loaded from."
  type        = string
}

variable "project_id" {
  description = "Project of the datasets."
  type        = string
}

variable "tables" {
  description = "One entry per source: its dataset and table, the schema file's name, partition and cluster column, and what the tracking table calls an execution."
  type = map(object({
    cluster          = string
    dataset          = string
    execution_column = string
    partition        = string
    schema           = string
    table            = string
  }))
}
