variable "accounts_project" {
  description = "Id of the project for the service accounts, the same as project_id. It needs the IAM API only, so that the accounts are created while other APIs start."
  type        = string
}

variable "agent_grants" {
  description = "Members of Google's service agents, by agent, once they have their roles: the output agent_grants of the module project. The functions are created some time after them."
  type        = map(string)
  default     = {}
  nullable    = false
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

variable "ingress_settings" {
  description = "Who can reach the functions over the network: ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB."
  type        = string
  default     = "ALLOW_INTERNAL_ONLY"
  nullable    = false
}

variable "kms_key" {
  description = "Cloud KMS key for the functions and their images, in region. Google's service agents can use it already. Null for keys that Google manages."
  type        = string
  default     = null
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

variable "network" {
  description = "VPC network of the functions, with one way into it: connector, or network and subnetwork (direct egress). Null if they need none."
  type = object({
    connector   = optional(string)       # Serverless VPC Access connector
    network     = optional(string)       # network for direct egress
    subnetwork  = optional(string)       # subnetwork for direct egress
    tags        = optional(list(string)) # network tags for direct egress
    all_traffic = optional(bool, false)  # send all traffic through the network, not only that to private addresses
  })
  default = null
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

variable "repository" {
  description = "Docker repository for the images of the functions that exists already, as projects/P/locations/L/repositories/R in region. Null creates one."
  type        = string
  default     = null
}

variable "service_accounts" {
  description = "E-mail addresses of service accounts that exist already in the project, by task: build, loader, scheduler, trigger. The others are created."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "source_folder" {
  description = "Folder with the source code of the functions: functions/ of this repository."
  type        = string
}

variable "worker_pool" {
  description = "Private pool of Cloud Build that builds the functions, as projects/P/locations/L/workerPools/W. Null for the pool that Google shares."
  type        = string
  default     = null
}
