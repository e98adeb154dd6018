variable "bookkeeping_bucket" {
  description = "Bucket for the leases and the functions' source."
  type        = string
}

variable "build_folder" {
  description = "Folder in which the zip of the functions is written during plan."
  type        = string
}

variable "datasets" {
  description = "Ids of the datasets that the functions load into."
  type        = set(string)
}

variable "environment" {
  description = "Environment of all functions, as functions/billing/settings.py reads it; values known at plan."
  type        = map(string)
}

variable "focus_dataset" {
  description = "Id of the dataset in which the functions keep the views over all sources."
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

variable "labels" {
  description = "Labels of functions and images."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "landing_buckets" {
  description = "Landing buckets by provider (aws, azure): each gets one event function."
  type        = map(string)
}

variable "location" {
  description = "Location of the landing buckets."
  type        = string
}

variable "prefix" {
  description = "Beginning of all names."
  type        = string
}

variable "project_id" {
  description = "Project of the functions and of their BigQuery jobs."
  type        = string
}

variable "region" {
  description = "Region of functions, images and schedule."
  type        = string
}

variable "service_agents" {
  description = "Google's service agents of Eventarc, Pub/Sub and Cloud Storage in this project, as IAM members."
  type = object({
    eventarc = string
    pubsub   = string
    storage  = string
  })
}
