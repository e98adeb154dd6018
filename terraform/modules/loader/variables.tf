variable "accounts_project" {
  description = "Id of the project for the service accounts, the same as project_id. It needs the IAM API only, so that the accounts are created while other APIs start."
  type        = string
}

variable "bookkeeping_bucket" {
  description = "Name of the bucket for the leases and the source code of the functions."
  type        = string
}

variable "build_folder" {
  description = "Folder for the zip of the functions. Terraform writes the zip during plan."
  type        = string
}

variable "datasets" {
  description = "Ids of the datasets that the functions load."
  type        = set(string)
}

variable "environment" {
  description = "Environment variables of all functions, as functions/billing/settings/ reads them. The values must be known at plan."
  type        = map(string)
}

variable "focus_dataset" {
  description = "Id of the dataset in which the functions create the views over all sources."
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

variable "labels" {
  description = "Labels for the functions and the repository of their images."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "landing_buckets" {
  description = "Names of the landing buckets, by provider (aws, azure). Each gets one event function."
  type        = map(string)
}

variable "location" {
  description = "Location of the landing buckets. Event triggers are created there."
  type        = string
}

variable "prefix" {
  description = "Start of every resource name."
  type        = string
}

variable "project_id" {
  description = "Id of the project for the functions and their BigQuery jobs."
  type        = string
}

variable "region" {
  description = "Region of the functions, their container images and the schedule."
  type        = string
}

variable "service_agents" {
  description = "Google's service agents in this project, as IAM members."
  type = object({
    artifactregistry = string # agent of Artifact Registry
    cloudbuild       = string # agent of Cloud Build
    cloudfunctions   = string # agent of Cloud Functions
    cloudscheduler   = string # agent of Cloud Scheduler
    eventarc         = string # agent of Eventarc
    pubsub           = string # agent of Pub/Sub
    run              = string # agent of Cloud Run
    storage          = string # agent of Cloud Storage
  })
}
