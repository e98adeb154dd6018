# Warnings. They do not stop an apply, because Google may add regions, and two exports of one account may be wanted.

locals {
  # https://cloud.google.com/storage-transfer/docs/source-amazon-s3
  _transfer_regions = [
    "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ca-central-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "me-central-1", "me-south-1", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
  ]
}

check "transfer_reads_the_region" {
  assert {
    condition     = contains(local._transfer_regions, var.region)
    error_message = "Storage Transfer may not read buckets in ${var.region}: use one of ${join(", ", local._transfer_regions)}, or see cloud.google.com/storage-transfer/docs/source-amazon-s3."
  }
}

check "one_export_of_the_account" {
  assert {
    condition     = length(var.exports) == 1
    error_message = "Every export of an account has the same charges, so focus_costs counts them ${length(var.exports)} times: keep one entry in exports, or choose one source in each query: WHERE x_source = 'aws_KEY'."
  }
}
