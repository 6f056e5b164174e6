"""What may ship now, why, and can anyone check later that this is what was decided?"""
