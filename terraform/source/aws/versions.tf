terraform {
  required_version = ">= 1.9" # validations that read more than one variable

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25, < 7"
    }
  }
}
