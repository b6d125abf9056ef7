#!/bin/sh
# @NAME@: the decision over all @COUNT@ shards. Written by `bench submit`.
#SBATCH --job-name=@JOB@-merge
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --chdir=@HERE@
#SBATCH --output=@OUT@/log/merge.log
@OPTIONS@
exec @BENCH@ gate merge@SHARDS@ --out @OUT@/merged
